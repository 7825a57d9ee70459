"""The file of a backup: a line that says what it is, a checksum of all that follows, a header, and the records.

matryoshka-backup 1
sha256 <hex of everything after this line>
{"schema": 1, "namespace": "mk", ...}
<records, deflated: each three length-prefixed parts>

BackupError
+-- BrokenBackup   not a backup, cut short, or changed since it was made
+-- NewerBackup    made by a release that this one does not know
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

FORMAT = 1
_MAGIC = b"matryoshka-backup "
_LENGTH = struct.Struct(">QqQ")  # bytes of the name, when it expires (0 never; Unix milliseconds), bytes of the value
_LEVEL = 3  # the values are compressed already where that pays


class BackupError(Exception):
    """The file cannot be used as a backup."""


class BrokenBackup(BackupError):
    """Not a backup, cut short, or changed."""


class NewerBackup(BackupError):
    """Of a release that is newer than this one."""


@dataclass(frozen=True)
class Record:
    """One key: its name without the namespace, when it ends (Unix milliseconds, 0 never), and the server's DUMP."""

    name: bytes
    expires_at: int
    value: bytes = field(repr=False)


@dataclass(frozen=True)
class Header:
    """What a backup says of itself. `taken_at` is the server's time in seconds; `key_ids` open its secrets."""

    schema: int
    namespace: str
    taken_at: float
    keys: int
    server: str
    key_ids: tuple[str, ...] = ()


def write_backup(path: Path, header: Header, records: Iterable[Record]) -> str:
    """Write the file with mode 0600 in one move and return its checksum; one that is there is not overwritten.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be written.
    """
    body = json.dumps(asdict(header), separators=(",", ":")).encode() + b"\n" + zlib.compress(_packed(records), _LEVEL)
    digest = hashlib.sha256(body).hexdigest()
    head = _MAGIC + str(FORMAT).encode() + b"\nsha256 " + digest.encode() + b"\n"
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(head)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)  # unlike a rename it fails when somebody else was faster
    finally:
        fresh.unlink()
    _sync_folder(path.parent)
    return digest


def read_backup(path: Path) -> tuple[Header, list[Record], str]:
    """Return header, records and checksum of a file.

    Raises:
        BackupError: it is no backup, damaged, or of a newer release.
        OSError: it cannot be read.
    """
    first, _, rest = path.read_bytes().partition(b"\n")
    if not first.startswith(_MAGIC) or not first[len(_MAGIC) :].isdigit():
        raise BrokenBackup("it is no backup of Matryoshka")
    if int(first[len(_MAGIC) :]) > FORMAT:
        raise NewerBackup(f"its format is {first[len(_MAGIC) :].decode()}, this release reads up to {FORMAT}")
    line, _, body = rest.partition(b"\n")
    digest = hashlib.sha256(body).hexdigest()
    if line != b"sha256 " + digest.encode():
        raise BrokenBackup("its checksum is wrong: it was cut short or changed")
    text, _, packed = body.partition(b"\n")
    header = _header(json.loads(text))
    records = list(_unpacked(zlib.decompress(packed)))
    if len(records) != header.keys:
        raise BrokenBackup(f"it has {len(records)} keys, not {header.keys}")
    return header, records, digest


def _header(found: Mapping[str, object]) -> Header:
    # Members that a later release adds are passed over: a break raises the format.
    known = {name: found[name] for name in Header.__dataclass_fields__ if name in found}
    return Header(**{**known, "key_ids": tuple(known.get("key_ids", ()))})  # type: ignore[arg-type]


def _packed(records: Iterable[Record]) -> bytes:
    parts: list[bytes] = []
    for record in records:
        parts += (_LENGTH.pack(len(record.name), record.expires_at, len(record.value)), record.name, record.value)
    return b"".join(parts)


def _unpacked(packed: bytes) -> Iterator[Record]:
    position = 0
    while position < len(packed):
        name, expires_at, value = _LENGTH.unpack_from(packed, position)
        middle = position + _LENGTH.size + name
        yield Record(packed[middle - name : middle], expires_at, packed[middle : middle + value])
        position = middle + value


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
