"""Drift: what is read is compared and told; nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import Bench
from tests.unit.workers.steps.records import (
    adapter,
    cluster_record,
    guest_record,
    hypervisor_proof,
    nesting_node,
    node_record,
    ours,
)

_VM = {
    "state": "Running",
    "processor_count": 4,
    "memory_startup_mib": 8192,
    "dynamic_memory_enabled": False,
    "expose_virtualization_extensions": True,
    "automatic_checkpoints_enabled": False,
    "mac_address_spoofing": "On",
    "switch": "lab",
}
_INSIDE = {
    "computer_name": "NEST-1",
    "address": "10.0.0.11",
    "prefix_length": 24,
    "gateway": "10.0.0.1",
    "dns_servers": ["10.0.0.1"],
    "dns_suffix": "lab.internal",
    "host_entries": {"nest-2": "10.0.0.12"},
    "domain": "",
    "features": ["Hyper-V"],
    "groups": ["g1"],
    "hypervisor_launched": True,
    "cluster": {"name": "LAB-CL", "nodes": ["nest-1", "nest-2"]},
}


def _vm_rows(**changes: Any) -> dict[str, dict[str, Any]]:
    host = FakeHost({"Get-NestedNode": nesting_node(state="Running") | changes})
    bench = Bench("VerifyNode", host, {"expectations": _VM})
    rows = bench.run()[1]["drift.nest-1.vm"]
    assert bench.changes() == []
    return {row["check"]: row for row in rows}


def _inside_host(**changes: Any) -> FakeHost:
    answers = {
        "Get-NestedNode": node_record(state="Running"),
        "Get-NestedGuestConfiguration": guest_record(),
        "Get-NestedRole": {"installed": True, "features": [{"name": "Hyper-V", "install_state": "Installed"}]},
        "Get-NestedFirewallRule": {"enabled": True, "groups": [{"group": "g1", "enabled": True}]},
        "Get-NestedHypervisorProof": hypervisor_proof(),
        "Get-NestedCluster": cluster_record("nest-1", "nest-2"),
    }
    return FakeHost(answers | {name.replace("_", "-"): answer for name, answer in changes.items()})


def _inside_rows(expectations: dict[str, Any] = _INSIDE, **changes: Any) -> dict[str, dict[str, Any]]:
    bench = Bench("VerifyGuest", _inside_host(**changes), {"expectations": expectations})
    rows = bench.run()[1]["drift.nest-1.guest"]
    assert bench.changes() == []
    return {row["check"]: row for row in rows}


def test_a_vm_as_it_was_built_has_no_drift() -> None:
    """Every expectation is one row, and all are fine."""
    rows = _vm_rows()

    assert {"exists", "mac_address_spoofing:Network Adapter", "switch"} < set(rows)
    assert all(row["ok"] for row in rows.values())


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"state": "Off"}, "state"),
        ({"expose_virtualization_extensions": False}, "expose_virtualization_extensions"),
        ({"adapters": [adapter(mac_address_spoofing="Off")]}, "mac_address_spoofing:Network Adapter"),
        ({"adapters": [adapter(mac_address_spoofing="On", switch_name="other")]}, "switch"),
    ],
)
def test_a_changed_vm_is_one_row_that_is_not_ok(changes: dict[str, Any], check: str) -> None:
    """Each difference is told on its own, with what was expected and found."""
    wrong = [name for name, row in _vm_rows(**changes).items() if not row["ok"]]

    assert wrong == [check]


def test_a_vm_that_is_gone_is_one_row() -> None:
    """A missing VM is drift, not a failure."""
    rows = _vm_rows(exists=False)

    assert list(rows) == ["exists"]
    assert not rows["exists"]["ok"]


def test_a_guest_as_it_was_built_has_no_drift() -> None:
    """Configuration, features, firewall, hypervisor and cluster are all compared; what was not asked for is not."""
    rows = _inside_rows()

    assert all(row["ok"] for row in rows.values()), rows
    assert {"feature:Hyper-V", "firewall:g1", "hypervisor_launched", "cluster", "cluster_node:nest-2"} < set(rows)
    assert "domain" not in rows


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"Get_NestedGuestConfiguration": guest_record(gateway="10.0.0.254")}, "gateway"),
        ({"Get_NestedGuestConfiguration": guest_record(addresses=["10.0.0.99/24"])}, "address"),
        ({"Get_NestedHypervisorProof": hypervisor_proof(hypervisor_launched=False)}, "hypervisor_launched"),
        ({"Get_NestedCluster": cluster_record("nest-1")}, "cluster_node:nest-2"),
        ({"Get_NestedCluster": cluster_record("nest-1", "nest-2", name="other")}, "cluster"),
    ],
)
def test_a_changed_guest_is_one_row_that_is_not_ok(changes: dict[str, Any], check: str) -> None:
    """Each difference inside is told on its own."""
    assert [name for name, row in _inside_rows(**changes).items() if not row["ok"]] == [check]


def test_a_node_without_expectations_of_a_cluster_is_not_asked_about_one() -> None:
    """Only what is expected is read."""
    rows = _inside_rows({"computer_name": "nest-1"})

    assert list(rows) == ["computer_name"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"Get_NestedNode": node_record()}, "the VM is Off"),
        ({"Get_NestedNode": node_record(exists=False)}, "the VM is gone"),
        ({"Get_NestedGuestConfiguration": ours("GuestCredentialRejected")}, "GUEST_CREDENTIAL_REJECTED"),
    ],
)
def test_a_guest_that_cannot_be_asked_is_one_row(changes: dict[str, Any], found: str) -> None:
    """An off, gone or deaf guest is drift, not a failure."""
    rows = _inside_rows(**changes)

    assert {name: row["found"] for name, row in rows.items()} == {"guest": found}


def test_the_drift_of_all_nodes_is_put_together() -> None:
    """All rows come into one report, and each one that differs is warned about."""
    good = {"check": "state", "node": "nest-1", "expected": "Running", "found": "Running", "ok": True}
    bad = {"check": "state", "node": "nest-2", "expected": "Running", "found": "Off", "ok": False}
    bench = Bench("PublishDrift", FakeHost(), facts={"drift.nest-2.vm": [bad], "drift.nest-1.vm": [good]})

    assert bench.run() == ("succeeded", {"lab.drift": [good, bad]})
    assert bench.warnings() == ["DRIFT"]
