"""VMs inside a node: the proof that counts, and what is left afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import OWNER, Bench, FakeSecrets
from tests.unit.workers.steps.records import node_record, ours, probe
from workers.errors import NotConverged, RemoteError, StepRefused
from workers.psrp.port import Credential, SecretStr

_PARAMS = {"name": "smoke", "memory_mib": 64, "parent_disk_path": "", "switch": "inner"}
_L2 = "99999999-2222-3333-4444-555555555555"
_VM = {"exists": True, "vm_id": _L2, "name": "smoke", "owner": OWNER, "state": "Running", "uptime_seconds": 1}
_NONE = {"exists": False, "vm_id": None, "name": "smoke", "owner": None, "state": None}
_PROBE = {"vm_id": _L2, "state": "Running", "running": True, "probe_source": "vm_state", "probe": None, "reason": ""}


def _host(**changes: Any) -> FakeHost:
    answers = {
        "Get-NestedVM": _VM,
        "New-NestedVM": _VM,
        "Get-NestedVMProbe": _PROBE,
        "Remove-NestedVM": {"existed": True},
        "Get-NestedNode": node_record(state="Running"),
    }
    return FakeHost(answers | {name.replace("_", "-"): answer for name, answer in changes.items()})


def test_a_smoke_test_starts_probes_and_removes() -> None:
    """The proof is recorded and nothing is left in the node."""
    bench = Bench("SmokeTest", _host(), _PARAMS)

    ended, facts = bench.run()

    assert (ended, facts["probe.L2.nest-1"]["running"]) == ("succeeded", True)
    assert [call.name for call in bench.changes()] == ["New-NestedVM", "Remove-NestedVM"]
    assert all(call.target for call in bench.changes())


def test_a_start_that_windows_refuses_means_that_nesting_does_not_work() -> None:
    """Windows has no id of its own for a missing hypervisor: an unknown refusal is NESTED_VM_NOT_RUNNING."""
    refusal = RemoteError(
        "nein", error_id="Unspecified,Microsoft.HyperV.PowerShell.Commands.StartVM", hresult=-2147467259
    )

    with pytest.raises(StepRefused) as refused:
        Bench("SmokeTest", _host(New_NestedVM=refusal), _PARAMS).run()

    assert refused.value.reason == "NESTED_VM_NOT_RUNNING"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ours("NameTaken"), "NAME_TAKEN"),
        (ours("ParentNotFound"), "IMAGE_NOT_FOUND"),
        (RemoteError("", error_id="OutOfMemory,Microsoft.HyperV.PowerShell.Commands.StartVM"), "CAPACITY_RAM"),
    ],
)
def test_known_refusals_of_a_start_keep_their_reason(error: RemoteError, code: str) -> None:
    """What is known is not called a nesting failure."""
    with pytest.raises(RemoteError) as refused:
        Bench("SmokeTest", _host(New_NestedVM=error), _PARAMS).run()

    assert refused.value.code == code


def test_a_lost_connection_is_not_a_nesting_failure() -> None:
    """An error that may pass stays retryable."""
    lost = RemoteError("", error_id="Whatever", category="ConnectionError")

    with pytest.raises(RemoteError) as failed:
        Bench("SmokeTest", _host(New_NestedVM=lost), _PARAMS).run()

    assert failed.value.retryable


def test_a_vm_that_stopped_again_is_refused() -> None:
    """Running is read, not believed."""
    with pytest.raises(StepRefused) as refused:
        Bench("SmokeTest", _host(Get_NestedVMProbe=_PROBE | {"running": False}), _PARAMS).run()

    assert refused.value.reason == "NESTED_VM_NOT_RUNNING"


def test_a_recorded_start_of_a_removed_vm_is_no_proof() -> None:
    """When the journal answers for a run that removed its VM again, the step is tried anew."""
    with pytest.raises(NotConverged):
        Bench("SmokeTest", _host(Get_NestedVM=_NONE), _PARAMS).run()


def test_the_inside_is_asked_only_when_there_is_one() -> None:
    """A nested guest's credential goes along with a parent disk, and only then."""
    with_disk = _PARAMS | {"parent_disk_path": r"C:\nano.vhdx"}
    request = {"smoke_test": {"guest": {"username": "Inner"}}}
    host = _host()
    for params, secrets in (
        (with_disk, FakeSecrets()),
        (_PARAMS, FakeSecrets()),
        (with_disk, FakeSecrets("nested_guest")),
    ):
        Bench("SmokeTest", host, params, request=request, secrets=secrets).run()

    given = [call.parameters["credential"] for call in host.log if call.name == "Get-NestedVMProbe"]
    assert given == [Credential("Inner", SecretStr("value of nested_guest")), None, None]


def test_undo_of_a_smoke_test_removes_what_a_broken_run_left() -> None:
    """Undo removes by name and owner."""
    bench = Bench("SmokeTest", _host(), _PARAMS)
    bench.undo()

    assert bench.changes()[0].parameters == {"name": "smoke", "owner": OWNER}


def test_a_nested_vm_is_made_once_and_kept() -> None:
    """It is started, probed and left running; a second run finds it."""
    probed = _PROBE | {"probe_source": "guest", "probe": probe("guest_not_exposed")}
    bench = Bench("CreateNestedVM", _host(Get_NestedVM=[_NONE, _VM], Get_NestedVMProbe=probed), _PARAMS)

    ended, facts = bench.run()

    assert (ended, facts["nested.vm_id"]) == ("succeeded", _L2)
    assert facts["probe.L2.nest-1"]["probe"]["classification"] == "guest_not_exposed"
    assert bench.run()[0] == "skipped"


def test_a_stopped_nested_vm_is_started_again() -> None:
    """A VM of ours that does not run is worked on."""
    host = _host(Get_NestedVM=[_VM | {"state": "Off"}, _VM])

    assert Bench("CreateNestedVM", host, _PARAMS).run()[0] == "succeeded"


def test_undo_removes_the_nested_vm() -> None:
    """Undo removes by name and owner, and never a foreign VM."""
    bench = Bench("CreateNestedVM", _host(Remove_NestedVM=ours("NotOwned")), _PARAMS)
    bench.undo()

    assert bench.warnings() == ["FOREIGN_LEFT_ALONE"]


def test_an_inner_switch_is_made_in_the_node() -> None:
    """A node without our switch gets one; ours is skipped; a foreign one is refused."""
    there = {"exists": True, "owner": OWNER}
    host = FakeHost({"Get-NestedSwitch": [{"exists": False}, there], "New-NestedSwitch": {}})
    bench = Bench("CreateInnerSwitch", host, {"name": "inner"})

    assert bench.run()[0] == "succeeded"
    assert bench.run()[0] == "skipped"

    foreign = FakeHost({"Get-NestedSwitch": {"exists": True, "owner": None}, "New-NestedSwitch": ours("NameTaken")})
    with pytest.raises(RemoteError) as refused:
        Bench("CreateInnerSwitch", foreign, {"name": "inner"}).run()
    assert refused.value.code == "NAME_TAKEN"
