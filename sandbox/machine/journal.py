"""The journal of calls on a machine: what Invoke-NestedCall remembers. Callers hold the realm's lock."""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.machine.errors import COR_E_EXCEPTION, PsError, signed
from sandbox.machine.model import CallEntry, Machine
from sandbox.machine.realm import Realm

RUNNING = "running"
ABANDONED = "abandoned"
STOPPED = "stopped"
FINISHED = ("completed", "failed")


def scope_of(call_id: str) -> str:
    """`<scope>#<n>`: the part that the fence belongs to."""
    return call_id.rsplit("#", 1)[0]


def status_of(realm: Realm, machine: Machine, call_id: str) -> str:
    """absent, running, abandoned (its process is dead), completed, failed or stopped."""
    entry = machine.journal.get(call_id)
    if entry is None:
        return "absent"
    if entry.status == RUNNING and entry.token not in realm.living:
        return ABANDONED
    return entry.status


def begin(realm: Realm, machine: Machine, call_id: str, name: str, fence: int) -> CallEntry:
    """Record that a call runs, and that it lives in this process."""
    entry = CallEntry(call_id, name, RUNNING, fence, realm.clock.now(), token=realm.new_id())
    machine.journal[call_id] = entry
    realm.living.add(entry.token)
    realm.changed()
    return entry


def end(realm: Realm, entry: CallEntry, status: str, record: dict[str, Any]) -> None:
    """Record how a call ended."""
    entry.status, entry.record, entry.ended_at = status, record, realm.clock.now()
    realm.living.discard(entry.token)
    realm.changed()


def completed(call_id: str, name: str, result: Any) -> dict[str, Any]:
    """The call record of a result."""
    return {**_blank(call_id, name), "Status": "completed", "ResultJson": json.dumps(result, separators=(",", ":"))}


def failed(call_id: str, name: str, error: PsError) -> dict[str, Any]:
    """The call record of an error: it is data here."""
    return {
        **_blank(call_id, name),
        "Status": "failed",
        "ErrorId": error.fqid,
        "ErrorCategory": error.category,
        "ErrorMessage": error.message,
        "ErrorHResult": _hresult(error),
        "ErrorType": error.exception_type,
        "ErrorTarget": error.target or None,
    }


def _hresult(error: PsError) -> int:
    """The number of what failed: Hyper-V's exceptions have it in their text only, the last one says most."""
    if error.hresult != signed(COR_E_EXCEPTION):
        return error.hresult
    numbers = re.findall(r"\(0x(8[0-9A-Fa-f]{7})\)", error.message)
    return signed(int(numbers[-1], 16)) if numbers else error.hresult


def _blank(call_id: str, name: str) -> dict[str, Any]:
    errors = ("ErrorId", "ErrorCategory", "ErrorMessage", "ErrorHResult", "ErrorType", "ErrorTarget")
    return {"CallId": call_id, "Name": name, "Status": "", "Replayed": False, "ResultJson": "", **dict.fromkeys(errors)}
