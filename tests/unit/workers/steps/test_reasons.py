"""The table of reasons: ids and numbers decide, texts never do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.rules.functions_page import PAGE
from workers.errors import RemoteError
from workers.steps import reasons
from workers.steps.reasons import KnownFailure, explain, explained, reason_of

_HYPERV = "Microsoft.HyperV.PowerShell.Commands"
# These are the worker's own business: a stale fence is a lost lease (workers/psrp/host.py).
_NOT_OURS_TO_EXPLAIN = {"FenceTooOld"}


def _error(error_id: str, **facts: Any) -> RemoteError:
    return RemoteError("any text", error_id=error_id, **facts)


def test_every_error_of_the_module_has_a_reason() -> None:
    """Each error id that docs/functions.md promises is in the table."""
    page = PAGE.read_text(encoding="utf-8")
    words = set(re.findall(r"`([A-Z]\w+)` \[", page))

    assert {word for word in words - _NOT_OURS_TO_EXPLAIN if reason_of(_error(f"Matryoshka.{word},X")) is None} == set()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (_error(f"OutOfMemory,{_HYPERV}.StartVM"), "CAPACITY_RAM"),
        (_error(f"Unspecified,{_HYPERV}.StartVM", hresult=0x800705AA), "CAPACITY_RAM"),
        (_error(f"Unspecified,{_HYPERV}.StartVM", hresult=-2147023446), "CAPACITY_RAM"),
        (_error(f"AccessDenied,{_HYPERV}.SetVMDvdDrive"), "ACCESS_DENIED"),
        (_error(f"InvalidParameter,{_HYPERV}.GetVM"), "VM_MISSING"),
        (_error(f"InvalidParameter,{_HYPERV}.GetVMSwitch"), "SWITCH_MISSING"),
        (_error("InvalidParameter,Microsoft.Vhd.PowerShell.Cmdlets.NewVhd"), "IMAGE_NOT_FOUND"),
        (_error(f"NotSupported,{_HYPERV}.SetVMProcessor"), "HOST_CPU_UNSUPPORTED"),
        (
            _error(
                "PSSessionStateBroken", type_name="System.Management.Automation.Remoting.PSRemotingTransportException"
            ),
            "GUEST_NOT_READY",
        ),
        (
            _error("PSSessionStateBroken", type_name="System.Management.Automation.Remoting.PSDirectException"),
            "GUEST_CREDENTIAL_REJECTED",
        ),
        (_error("CommandNotFoundException", category="ObjectNotFound"), "MODULE_OUTDATED"),
    ],
)
def test_ids_and_numbers_of_windows_are_known(error: RemoteError, code: str) -> None:
    """What was seen on real machines is named by id, cmdlet and HRESULT, in either sign."""
    found = explain(error)

    assert found.code == code
    assert found.remedy


def test_an_unknown_error_stays_as_it_is() -> None:
    """What the table does not know is not renamed."""
    error = _error(f"Unspecified,{_HYPERV}.SetVM")

    assert explain(error) is error


def test_a_known_failure_keeps_the_facts_of_its_error() -> None:
    """Callers still see id, category, HRESULT and target; explaining twice changes nothing."""
    error = _error("Matryoshka.VmNotOff,Enable", category="InvalidOperation", hresult=5, target="vm")
    found = explain(error)

    assert isinstance(found, KnownFailure)
    assert (found.error_id, found.category, found.hresult, found.target) == (
        error.error_id,
        error.category,
        error.hresult,
        error.target,
    )
    assert explain(found) is found
    assert RemoteError.code == "REMOTE_ERROR"


def test_inside_the_door_errors_come_out_explained() -> None:
    """The cause stays attached, other errors pass through."""
    with pytest.raises(KnownFailure) as known, explained():
        raise _error("Matryoshka.NameTaken,X")
    with pytest.raises(KeyError), explained():
        raise KeyError("x")

    assert isinstance(known.value.__cause__, RemoteError)


def test_no_text_decides() -> None:
    """The same text under two ids gives two reasons."""
    codes = {explain(RemoteError("gleich", error_id=f"Matryoshka.{word},X")).code for word in ("NameTaken", "VmSaved")}

    assert codes == {"NAME_TAKEN", "VM_SAVED"}


def test_every_reason_is_a_code_with_a_remedy() -> None:
    """Codes are upper case words and each says what to do."""
    tables: tuple[Any, ...] = (reasons._OURS, reasons._WINDOWS, reasons._NARROW, reasons._HRESULTS)
    found = [reason for table in tables for reason in table.values()]

    assert all(re.fullmatch(r"[A-Z][A-Z_]+", reason.code) for reason in found)
    assert all(len(reason.remedy) > 10 for reason in found)
