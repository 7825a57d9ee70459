"""CreateNode, ResolveNode, StartNode, StopNode."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import FACTS, NODE, OWNER, VM_ID, Bench
from tests.unit.workers.steps.records import adapter, host_report, node_record, ours
from workers.errors import NotConverged, RemoteError, StepRefused

_DISK = r"C:\Labs\lab_1\nest-1\nest-1.vhdx"
_PARAMS = {
    "name": NODE,
    "memory_mib": 8192,
    "processor_count": 4,
    "disk_path": _DISK,
    "data_disk_paths": [],
    "switch": "lab",
    "config_path": r"C:\Labs\lab_1",
}
_NONE = node_record(exists=False)


def test_a_missing_vm_is_made() -> None:
    """A fresh host gets the VM; its id and MAC address become facts."""
    host = FakeHost({"Get-NestedNode": [_NONE, node_record()], "New-NestedNode": node_record()})
    bench = Bench("CreateNode", host, _PARAMS)

    ended, facts = bench.run()

    assert (ended, facts) == ("succeeded", {"node.nest-1.vm_id": VM_ID, "node.nest-1.mac": "00155D010203"})
    assert bench.changes()[0].parameters["owner"] == OWNER


def test_a_mac_of_zeros_is_no_fact() -> None:
    """Before its first start a VM has no MAC address that anybody may use."""
    fresh = node_record(adapters=[adapter(mac_address="000000000000")])
    host = FakeHost({"Get-NestedNode": [_NONE, fresh], "New-NestedNode": fresh})

    assert "node.nest-1.mac" not in Bench("CreateNode", host, _PARAMS).run()[1]


def test_our_whole_vm_is_skipped() -> None:
    """A VM of this name and owner with everything on it is done."""
    assert Bench("CreateNode", FakeHost({"Get-NestedNode": node_record()}), _PARAMS).run()[0] == "skipped"


@pytest.mark.parametrize("half", [{"disks": []}, {"adapters": []}, {"processor_count": 1}, {"memory_startup_mib": 512}])
def test_a_half_made_vm_is_completed(half: dict[str, Any]) -> None:
    """Each missing part alone is enough to work on the VM again, with the same id."""
    host = FakeHost({"Get-NestedNode": [node_record(**half), node_record()], "New-NestedNode": node_record()})

    assert Bench("CreateNode", host, _PARAMS).run()[1]["node.nest-1.vm_id"] == VM_ID


@pytest.mark.parametrize(("word", "code"), [("NameTaken", "NAME_TAKEN"), ("SwitchNotFound", "SWITCH_MISSING")])
def test_a_refused_creation_has_its_reason(word: str, code: str) -> None:
    """A foreign VM of this name, and a switch that is gone, stop the job."""
    with pytest.raises(RemoteError) as refused:
        Bench("CreateNode", FakeHost({"Get-NestedNode": _NONE, "New-NestedNode": ours(word)}), _PARAMS).run()

    assert (refused.value.code, refused.value.retryable) == (code, False)


def test_undo_removes_the_vm_by_id_and_owner() -> None:
    """Undo finds our VM also when its id was never recorded."""
    host = FakeHost({"Get-NestedNode": node_record(), "Remove-NestedNode": {"existed": True}})
    bench = Bench("CreateNode", host, _PARAMS, facts={})
    bench.undo()

    assert bench.changes()[0].parameters == {"vm_id": VM_ID, "owner": OWNER}


def test_undo_of_a_vm_that_was_never_made_changes_nothing() -> None:
    """Absence is no fault."""
    bench = Bench("CreateNode", FakeHost({"Get-NestedNode": _NONE}), _PARAMS)
    bench.undo()

    assert bench.changes() == []


def test_a_vm_is_resolved_by_id() -> None:
    """An existing VM gives its id and whether it ran."""
    bench = Bench("ResolveNode", FakeHost({"Get-NestedNode": node_record(state="Running")}), {"vm_id": VM_ID}, facts={})

    assert bench.run()[1]["node.nest-1.was_running"] is True


def test_a_vm_is_resolved_by_a_name_that_is_unique() -> None:
    """A name is looked up among all VMs."""
    report = host_report(vms=[{"name": "BYO", "vm_id": VM_ID}])
    host = FakeHost({"Get-NestedHostReport": report, "Get-NestedNode": node_record()})

    assert Bench("ResolveNode", host, {"name": "byo"}, facts={}).run()[1]["node.nest-1.vm_id"] == VM_ID


@pytest.mark.parametrize(
    ("vms", "reason"),
    [([], "VM_MISSING"), ([{"name": "byo", "vm_id": "1"}, {"name": "byo", "vm_id": "2"}], "VM_NAME_AMBIGUOUS")],
)
def test_a_name_that_is_not_one_vm_is_refused(vms: list[dict[str, str]], reason: str) -> None:
    """VM names are not unique: two of one name are never guessed between."""
    with pytest.raises(StepRefused) as refused:
        Bench("ResolveNode", FakeHost({"Get-NestedHostReport": host_report(vms=vms)}), {"name": "byo"}, facts={}).run()

    assert refused.value.reason == reason


@pytest.mark.parametrize("params", [{"vm_id": VM_ID}, {"name": "byo"}])
def test_a_node_of_another_lab_is_no_target(params: dict[str, str]) -> None:
    """A lab may be another tenant's: its nodes are reached by way of the lab, which is looked at when it is named."""
    report = host_report(vms=[{"name": "byo", "vm_id": VM_ID}])
    host = FakeHost({"Get-NestedHostReport": report, "Get-NestedNode": node_record(owner="lab_other")})
    with pytest.raises(StepRefused) as refused:
        Bench("ResolveNode", host, params, facts={}).run()
    strangers = FakeHost({"Get-NestedHostReport": report, "Get-NestedNode": node_record(owner=None)})

    assert ("VM_OF_A_LAB", False) == (refused.value.reason, "lab_other" in str(refused.value))
    assert Bench("ResolveNode", strangers, params, facts={}).run()[1]["node.nest-1.vm_id"] == VM_ID


def test_a_vm_is_started_and_seen_running() -> None:
    """A stopped VM is started; the state is read back."""
    host = FakeHost({"Get-NestedNode": [node_record(), node_record(state="Running")], "Start-NestedNode": {}})
    host.answers["Wait-NestedNode"] = {"reached": True, "state": "Running"}

    assert Bench("StartNode", host).run()[0] == "succeeded"


def test_a_slow_start_gives_the_worker_back() -> None:
    """A VM that is not Running yet is waited for without holding the worker, and started anew by the next attempt."""
    host = FakeHost({"Get-NestedNode": node_record(), "Start-NestedNode": {}})
    host.answers["Wait-NestedNode"] = {"reached": False, "state": "Starting"}

    assert Bench("StartNode", host).run() == ("wait", {"tries": 1})
    with pytest.raises(NotConverged):
        Bench("StartNode", host, memo={"tries": 6}).run()


def test_short_memory_at_the_start_is_a_matter_of_capacity() -> None:
    """Windows' OutOfMemory becomes CAPACITY_RAM, which may pass."""
    short = RemoteError("zu wenig", error_id="OutOfMemory,Microsoft.HyperV.PowerShell.Commands.StartVM")

    with pytest.raises(RemoteError) as failed:
        Bench("StartNode", FakeHost({"Get-NestedNode": node_record(), "Start-NestedNode": short})).run()

    assert (failed.value.code, failed.value.retryable) == ("CAPACITY_RAM", True)


@pytest.mark.parametrize(("facts", "turn_off"), [(FACTS, True), (FACTS | {"node.nest-1.was_running": False}, False)])
def test_undo_of_a_start_is_gentle_with_somebodys_vm(facts: dict[str, Any], turn_off: bool) -> None:
    """A lab's VM is turned off; a VM that was there before is shut down."""
    host = FakeHost({"Get-NestedNode": node_record(state="Running"), "Stop-NestedNode": {}})
    bench = Bench("StartNode", host, facts=facts)
    bench.undo()

    assert bench.changes()[0].parameters == {"vm_id": VM_ID, "turn_off": turn_off}


def test_a_running_vm_is_stopped_only_when_the_caller_said_so() -> None:
    """Without stop_if_running somebody's running VM is refused; with it, it is shut down."""
    facts, running = FACTS | {"node.nest-1.was_running": True}, node_record(state="Running")
    answers: dict[str, Any] = {"Get-NestedNode": [running, node_record()], "Stop-NestedNode": {}}
    answers["Wait-NestedNode"] = {"reached": True, "state": "Off"}

    with pytest.raises(StepRefused) as refused:
        Bench("StopNode", FakeHost({"Get-NestedNode": running}), facts=facts, request={"stop_if_running": False}).run()
    ended, _ = Bench("StopNode", FakeHost(answers), facts=facts, request={"stop_if_running": True}).run()

    assert (refused.value.reason, ended) == ("VM_NOT_OFF", "succeeded")


def test_a_saved_vm_is_refused() -> None:
    """Stopping a saved VM would throw its memory away."""
    with pytest.raises(StepRefused) as refused:
        Bench("StopNode", FakeHost({"Get-NestedNode": node_record(state="Saved")})).run()

    assert refused.value.reason == "VM_SAVED"


def test_a_vm_that_is_off_is_skipped_and_undo_starts_what_ran_before() -> None:
    """Off is done; the way back starts a VM that ran before, and only such a one."""
    bench = Bench("StopNode", FakeHost({"Get-NestedNode": node_record(), "Start-NestedNode": {}}))
    assert bench.run()[0] == "skipped"
    bench.undo()
    assert bench.changes() == []

    ran = Bench("StopNode", FakeHost({"Start-NestedNode": {}}), facts=FACTS | {"node.nest-1.was_running": True})
    ran.undo()
    assert [call.name for call in ran.changes()] == ["Start-NestedNode"]
