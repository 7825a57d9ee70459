"""Whole plans run through the handlers: parameters and facts that plans give are those that handlers ask for."""

from __future__ import annotations

from typing import Any

import pytest

from service.ledger.plan import Plan, Step
from tests.fakes import Call, FakeHost
from tests.rules.plans_of_examples import lab_facts, plans_of_all_kinds
from tests.unit.workers.steps.bench import OWNER, VM_ID, Bench
from tests.unit.workers.steps.records import (
    awaited,
    boot,
    cluster_record,
    guest_record,
    host_report,
    hypervisor_proof,
    node_record,
    probe,
)
from workers.errors import NotConverged

_RUNNING = {"exists": True, "vm_id": VM_ID, "name": "x", "owner": OWNER, "state": "Running"}
_SWITCH = {"exists": False, "owner": None, "host_address": ""}
# What these steps find done by the steps before them.
_DONE_BEFORE: dict[str, dict[str, Any]] = {
    "SeedDisk": {"Get-NestedDisk": {"exists": True, "owner": OWNER, "seed_sha256": None}},
    "CheckQuorum": {"Get-NestedCluster": cluster_record("nest-1", "nest-2", "nest-3")},
    "VerifyCluster": {"Get-NestedCluster": cluster_record("nest-1", "nest-2", "nest-3")},
}
_PLANS = list(plans_of_all_kinds())


def _node(call: Call) -> dict[str, Any]:
    """Answer like a host that has every VM asked for by id, Off, and none by name."""
    return node_record(exists="vm_id" in call.parameters, state="Running" if call.target is None else "Off")


_FEATURE = {"name": "Hyper-V", "install_state": "Available"}
_REPORT = host_report(
    switches=[],
    vms=[{"name": "my-server", "vm_id": VM_ID, "owner": None, "state": "Running", "memory_assigned_mib": 0}],
)
# A host on which nothing is done yet and every change is taken.
_WILLING: dict[str, Any] = {
    "Get-NestedModuleInfo": {"version": "0.1.0", "sha256": "ab" * 32},
    "Get-NestedHostReport": _REPORT,
    "Get-NestedCpuProbe": probe("guest_exposed"),
    "Get-NestedSwitch": _SWITCH,
    "New-NestedSwitch": {},
    "Get-NestedNat": {"exists": False, "prefix": None},
    "New-NestedNat": {},
    "Get-NestedImage": {"exists": True, "is_read_only": False, "sha256": "ab" * 32},
    "Protect-NestedImage": {"sha256": "ab" * 32},
    "Get-NestedDisk": {"exists": False},
    "Set-NestedDiskSeed": {},
    "New-NestedDisk": {},
    "Get-NestedNode": _node,
    "New-NestedNode": node_record(),
    "Enable-NestedVirtualization": {"settings": []},
    "Start-NestedNode": {},
    "Stop-NestedNode": {},
    "Wait-NestedNode": {"reached": True, "state": "Running"},
    "Wait-NestedGuest": awaited(),
    "Get-NestedGuestConfiguration": guest_record(seed_removed=False),
    "Set-NestedGuestConfiguration": {},
    "Add-NestedDomainMember": {"domain": "lab.example"},
    "Get-NestedRole": {"installed": False, "features": [_FEATURE], "pending_reboot": False},
    "Install-NestedRole": {"restart_needed": True, "used_dism": False, "exit_code": "Success"},
    "Get-NestedBootIdentity": boot("boot-1"),
    "Get-NestedHypervisorProof": hypervisor_proof(),
    "Get-NestedFirewallRule": {"enabled": False, "groups": []},
    "Enable-NestedFirewallRule": {},
    "Test-NestedCluster": {"failed_count": 0, "results": []},
    "Get-NestedCluster": [cluster_record()],
    "New-NestedCluster": {},
    "Add-NestedClusterNode": cluster_record("nest-1", "nest-2", "nest-3"),
    "Stop-NestedCluster": {},
    "Start-NestedCluster": {},
    "Suspend-NestedClusterNode": {},
    "Remove-NestedClusterNode": {},
    "Set-NestedGuestPassword": {},
    "Set-NestedClusterQuorum": cluster_record("nest-1", witness_resource="Cloud Witness"),
    "Enable-NestedClusterStorage": {"storage_spaces_direct": True, "pool_name": "p", "pool_health": "Healthy"},
    "Get-NestedVM": _RUNNING,
    "New-NestedVM": _RUNNING,
    "Get-NestedVMProbe": {"vm_id": VM_ID, "running": True, "probe": None, "reason": ""},
} | {f"Remove-Nested{noun}": {"existed": True} for noun in ("VM", "Node", "Disk", "Nat", "Switch", "Cluster")}


def _read(facts: dict[str, Any], step: Step) -> dict[str, Any]:
    """Return what the ledger hands to the step: the facts that it reads, and no others."""
    prefixes = tuple(name.removesuffix("*") for name in step.reads if name.endswith("*"))
    return {
        name: value for name, value in facts.items() if name in step.reads or (prefixes and name.startswith(prefixes))
    }


def _bench(step: Step, request: dict[str, Any], facts: dict[str, Any]) -> Bench:
    host = FakeHost(_WILLING | _DONE_BEFORE.get(step.action, {}))
    return Bench(step.action, host, step.params, _read(facts, step), request, kind=request["kind"], node=step.node)


def _run(step: Step, bench: Bench) -> dict[str, Any]:
    try:
        return bench.run()[1]
    except NotConverged:
        # This host takes changes and shows none of them: the facts of the step are made up below.
        return {}


def _facts_of(step: Step) -> dict[str, Any]:
    if step.action == "CreateNode":
        return {f"node.{step.node}.vm_id": VM_ID}
    return {f"node.{step.node}.address": "10.0.0.11"} if step.action == "ConfigureGuest" else {}


@pytest.mark.parametrize(("request_", "plan"), _PLANS, ids=[request["kind"] for request, _ in _PLANS])
def test_a_plan_gives_its_steps_what_they_ask_for(request_: dict[str, Any], plan: Plan) -> None:
    """No step of any plan misses a parameter or a fact, forward or undone; and no call is off the page."""
    on_a_lab = "lab_id" in request_
    facts = lab_facts() if on_a_lab else {}
    for step in plan.steps:
        bench = _bench(step, request_, facts)
        facts |= _facts_of(step) | _run(step, bench)
        if step.undoable:
            bench.undo()
