"""The streams of a running pipeline, drained between polls into plain records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workers.errors import ProtocolBroken, RemoteError
from workers.psrp.values import plain_value

_LONGEST = 4000  # characters of one record's text


class Stream(StrEnum):
    """Where a record was written."""

    PROGRESS = "progress"
    WARNING = "warning"
    VERBOSE = "verbose"
    INFORMATION = "information"
    ERROR = "error"


@dataclass(frozen=True)
class Record:
    """One record. `percent` is None when the host does not know it (PowerShell's -1)."""

    stream: Stream
    message: str
    percent: int | None = None
    activity: str = ""
    error: RemoteError | None = None


# System.Management.Automation.ErrorCategory, by number.
CATEGORIES = (
    "NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument", "InvalidData",
    "InvalidOperation", "InvalidResult", "InvalidType", "MetadataError", "NotImplemented", "NotInstalled",
    "ObjectNotFound", "OperationStopped", "OperationTimeout", "SyntaxError", "ParserError", "PermissionDenied",
    "ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError", "FromStdErr",
    "SecurityError", "ProtocolError", "ConnectionError", "AuthenticationError", "LimitsExceeded", "QuotaExceeded",
    "NotEnabled",
)  # fmt: skip


def drain(powershell: Any) -> list[Record]:
    """Return the records that came since the last call and forget them, so a long call does not grow.

    Order within a stream is kept; between streams the wire does not tell it. Errors stay in pypsrp's own list too.
    """
    streams = powershell.streams
    records = [
        *(_progress(item) for item in _take(streams.progress)),
        *(_message(Stream.WARNING, item) for item in _take(streams.warning)),
        *(_message(Stream.VERBOSE, item) for item in _take(streams.verbose)),
        *(_information(item) for item in _take(streams.information)),
    ]
    _take(streams.debug)
    return records


def error_of(record: Any) -> RemoteError:
    """Return pypsrp's error record as ours. Never raises: what is missing stays empty."""
    exception = getattr(record, "exception", None)
    return RemoteError(
        _clip(_fact(exception, "Message") or str(record) or "the host gave no message"),
        error_id=str(getattr(record, "fq_error", "") or ""),
        category=category_name(getattr(record, "category", 0)),
        hresult=_number(_fact(exception, "HResult")),
        target=_clip(_target(record)),
        type_name=_type_name(exception),
    )


def category_name(number: Any) -> str:
    """Return the name of an ErrorCategory; `NotSpecified` for what is not one."""
    if isinstance(number, int) and 0 <= number < len(CATEGORIES):
        return CATEGORIES[number]
    return CATEGORIES[0]


def _take(items: list[Any]) -> Iterator[Any]:
    while items:
        yield items.pop(0)


def _progress(record: Any) -> Record:
    percent = record.percent_complete
    known = isinstance(percent, int) and 0 <= percent <= 100  # noqa: PLR2004 - a percentage
    text = record.description or record.current_operation or record.activity or ""
    return Record(Stream.PROGRESS, _clip(text), percent if known else None, _clip(record.activity or ""))


def _message(stream: Stream, record: Any) -> Record:
    return Record(stream, _clip(record.message or ""))


def _information(record: Any) -> Record:
    data = _readable(record.message_data)
    if isinstance(data, dict):  # Write-Host wraps its text
        data = data.get("Message", data)
    return Record(Stream.INFORMATION, _clip(str(data if data is not None else "")))


def _target(record: Any) -> str:
    target = _readable(getattr(record, "target_object", None))
    if isinstance(target, str | int):
        return str(target)
    return str(getattr(record, "target_name", "") or "")


def _fact(exception: Any, name: str) -> Any:
    # One by one: every exception of .NET also has Data, a table that pypsrp cannot read.
    for properties in ("extended_properties", "adapted_properties"):
        found = getattr(exception, properties, None) or {}
        if name in found:
            return _readable(found[name])
    return None


def _readable(value: Any) -> Any:
    try:
        return plain_value(value)
    except ProtocolBroken:
        return None  # what a record says beside its text is worth no call


def _type_name(exception: Any) -> str:
    types = getattr(exception, "types", None) or []
    return str(types[0]).removeprefix("Deserialized.") if types else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _clip(text: Any) -> str:
    return str(text)[:_LONGEST]
