"""Invoke-NestedCall and its neighbours: a change is applied once, however often it is asked for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sandbox.machine import journal, sessions
from sandbox.machine.api import Credential
from sandbox.machine.call import Call
from sandbox.machine.clock import iso
from sandbox.machine.errors import E_INVALID_ARGUMENT, PSE_RUNTIME, MachineLost, PipelineStopped, PsError, signed
from sandbox.machine.function import Function, Record
from sandbox.machine.model import CallEntry
from sandbox.machine.names import CHANGING, READING

MODULE_VERSION = "0.1.0"
_DAY = 86400.0
_CALL_ID = re.compile(r"[A-Za-z0-9._-]{1,150}#[0-9]{1,9}")
_SESSION_SECONDS = 0.3


def invoke_call(
    call: Call,
    *,
    Name: str,
    Parameters: dict[str, Any] = {},  # noqa: B006 - never changed; the default is the help text's @{}
    CallId: str = "",
    Fence: int = 0,
    WaitSeconds: int = 3600,
) -> Record:
    """Run a function of the module under the journal of this machine."""
    _check_id(call, CallId)
    known = READING.get(Name.lower()) or CHANGING.get(Name.lower())
    if known is None:
        raise call.refuse("FunctionNotAllowed", "InvalidArgument", f"{Name} may not be called", Name)
    if not CallId:
        if Name.lower() in CHANGING:
            raise call.refuse("FunctionNotAllowed", "InvalidArgument", f"{Name} needs a CallId", Name)
        return _run(call, CallId, known, Parameters)
    if not call.logon.is_admin:
        raise call.refuse("JournalUnavailable", "WriteError", "the journal is for administrators only")
    entry = _claim(call, CallId, known, Fence, WaitSeconds)
    if entry is None:
        return {**call.machine.journal[CallId].record, "Replayed": True}
    return _journaled(call, entry, Parameters)


def _check_id(call: Call, call_id: str) -> None:
    if call_id and not _CALL_ID.fullmatch(call_id):
        raise PsError(
            f"ParameterArgumentValidationError,{call.name}",
            "InvalidData",
            f"Cannot validate argument on parameter 'CallId'. The argument \"{call_id}\" does not match the pattern.",
            exception_type="System.Management.Automation.ParameterBindingValidationException",
        )


def _claim(call: Call, call_id: str, name: str, fence: int, wait_seconds: int) -> CallEntry | None:
    """A fresh entry to run, or None when the journal has the answer (after waiting for a running call)."""
    deadline = call.realm.clock.now() + wait_seconds
    while True:
        with call.realm.lock:
            _check_fence(call, call_id, fence)
            status = journal.status_of(call.realm, call.machine, call_id)
            if status in journal.FINISHED:
                return None
            if status != journal.RUNNING:
                return journal.begin(call.realm, call.machine, call_id, name, fence)
        left = deadline - call.realm.clock.now()
        if left <= 0 or not call.wait(lambda: not _still_runs(call, call_id), left):
            raise call.refuse("CallStillRunning", "OperationTimeout", f"{call_id} still runs", call_id)


def _still_runs(call: Call, call_id: str) -> bool:
    return journal.status_of(call.realm, call.machine, call_id) == journal.RUNNING


def _check_fence(call: Call, call_id: str, fence: int) -> None:
    scope = journal.scope_of(call_id)
    highest = call.machine.fences.get(scope, fence)
    if fence < highest:
        text = f"fence {fence} of {scope} is older than {highest}"
        raise call.refuse("FenceTooOld", "InvalidOperation", text, call_id)
    if call.machine.fences.get(scope) != fence:
        call.machine.fences[scope] = fence
        call.realm.changed()


def _journaled(call: Call, entry: CallEntry, parameters: Mapping[str, Any]) -> Record:
    record: Record = {}
    status = journal.STOPPED
    try:
        record = _run(call, entry.call_id, entry.name, parameters)
        status = record["Status"]
    except MachineLost:
        status = journal.RUNNING
        raise
    finally:
        with call.realm.lock:
            journal.end(call.realm, entry, status, record)
    return record


def _run(call: Call, call_id: str, name: str, parameters: Mapping[str, Any]) -> Record:
    try:
        return journal.completed(call_id, name, call.run(name, parameters))
    except PipelineStopped:
        raise
    except PsError as error:
        if error.fqid == f"MissingMandatoryParameter,{name}":
            # The module looks for itself, for PowerShell would ask a user: its own exception, PowerShell's id.
            error.exception_type, error.hresult = "System.ArgumentException", signed(E_INVALID_ARGUMENT)
        return journal.failed(call_id, name, error)


def invoke_guest_call(
    call: Call,
    *,
    Name: str,
    Credential: Credential,
    Parameters: dict[str, Any] = {},  # noqa: B006 - never changed
    CallId: str = "",
    Fence: int = 0,
    WaitSeconds: int = 3600,
    VMId: UUID | None = None,
    ComputerName: str = "",
) -> Record:
    """Invoke-NestedCall inside a guest, over PowerShell Direct or WinRM; the guest keeps its own journal."""
    guest = sessions.open_session(call, VMId, ComputerName, Credential)
    inner = {"Name": Name, "Parameters": Parameters, "CallId": CallId, "Fence": Fence, "WaitSeconds": WaitSeconds}
    try:
        guest.sleep(_SESSION_SECONDS)
        record = guest.run("Invoke-NestedCall", inner)
    except MachineLost:
        call.check()
        raise call.refuse("GuestNotReady", "ResourceUnavailable", "the guest went away during the call") from None
    except PipelineStopped:
        raise
    except PsError as error:
        # What comes out of a session keeps id and category; the exception itself stayed there.
        error.exception_type, error.hresult = "System.Management.Automation.RemoteException", signed(PSE_RUNTIME)
        raise
    return dict(record)


def get_call(call: Call, *, CallId: str) -> Record:
    """What the journal says about a call."""
    _check_id(call, CallId)
    with call.realm.lock:
        entry = call.machine.journal.get(CallId)
        status = journal.status_of(call.realm, call.machine, CallId)
    return {
        "CallId": CallId,
        "Name": entry.name if entry else "",
        "Status": status,
        "Fence": entry.fence if entry else 0,
        "StartedAt": iso(entry.started_at) if entry else None,
        "EndedAt": iso(entry.ended_at) if entry else None,
    }


def clear_journal(call: Call, *, OlderThanDays: int = 30) -> Record:
    """Forget calls that ended or were abandoned long ago, and fences of scopes without calls; running ones stay."""
    before = call.realm.clock.now() - OlderThanDays * _DAY
    with call.realm.lock:
        entries = call.machine.journal
        old = [key for key, entry in entries.items() if _is_over(call, entry, before)]
        if old and call.should("Clear-NestedCallJournal", call.machine.computer_name):
            for key in old:
                del entries[key]
            used = {journal.scope_of(key) for key in entries}
            for scope in {journal.scope_of(key) for key in old} - used:
                call.machine.fences.pop(scope, None)
            call.effect("journal_cleared")
            return {"Changed": True, "Removed": len(old), "Kept": len(entries)}
        return {"Changed": False, "Removed": 0, "Kept": len(entries)}


def _is_over(call: Call, entry: CallEntry, before: float) -> bool:
    """Whether a call ended, or was abandoned, before a moment."""
    if entry.ended_at is not None:
        return entry.ended_at <= before
    abandoned = journal.status_of(call.realm, call.machine, entry.call_id) == journal.ABANDONED
    return abandoned and entry.started_at <= before


def get_module_info(call: Call) -> Record:
    """Which module answers here."""
    return {
        "Version": MODULE_VERSION,
        "Sha256": hashlib.sha256(MODULE_VERSION.encode()).hexdigest(),
        "PSVersion": "5.1.20348.1",
        "PSEdition": "Desktop",
        "ComputerName": call.machine.computer_name,
        "Preinstalled": call.machine.preinstalled,
    }


TABLE = (
    Function("Invoke-NestedCall", invoke_call),
    Function("Invoke-NestedGuestCall", invoke_guest_call),
    Function("Get-NestedCall", get_call),
    Function("Clear-NestedCallJournal", clear_journal, changes=True),
    Function("Get-NestedModuleInfo", get_module_info),
)
