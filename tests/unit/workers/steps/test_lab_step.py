"""PublishLab: the CPU ledger and the summary."""

from __future__ import annotations

from typing import Any

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import FACTS, VM_ID, Bench
from tests.unit.workers.steps.records import cluster_record, hypervisor_proof, probe

_L2 = {"vm_id": "9", "state": "Running", "running": True, "probe_source": "vm_state", "probe": None, "reason": ""}
_WHOLE = FACTS | {
    "node.nest-1.address": "10.0.0.11",
    "probe.L0": probe("root"),
    "probe.L1.before_script.nest-1": probe("guest_not_exposed"),
    "probe.L1.after_script.nest-1": probe("guest_exposed"),
    "probe.L1.after_role.nest-1": probe("guest_root") | {"proof": hypervisor_proof()},
    "probe.L2.nest-1": _L2,
    "nested.nest-1": {"name": "smoke", "vm_id": "9"},
    "cluster.name": "lab-cl",
    "cluster.state": cluster_record("nest-1"),
}


def _publish(facts: dict[str, Any], kind: str = "nested_cluster") -> tuple[Bench, dict[str, Any]]:
    bench = Bench("PublishLab", FakeHost(), facts=facts, kind=kind)
    return bench, bench.run()[1]


def _verdicts(facts: dict[str, Any], kind: str = "nested_cluster") -> dict[str, str]:
    rows = _publish(facts, kind)[1]["lab.probes"]
    return {f"{row['level']} {row['phase']}": row["verdict"] for row in rows}


def test_a_whole_lab_is_proven_at_both_inner_levels() -> None:
    """Every level and phase has a row with its verdict, from the outermost inwards."""
    bench, _ = _publish(_WHOLE)

    assert _verdicts(_WHOLE) == {
        "L0 before_role": "not_observed",
        "L0 after_role": "as_expected",
        "L1 before_script": "as_expected",
        "L1 after_script": "as_expected",
        "L1 after_role": "proven",
        "L2 running": "proven",
    }
    assert bench.host.log == []


def test_rows_have_the_promised_members_and_reasons() -> None:
    """A row that nobody observed says why; a nested VM without an inside says what its proof is."""
    rows = {row["phase"]: row for row in _publish(_WHOLE)[1]["lab.probes"]}

    assert set(rows["running"]) == {"level", "node", "phase", "observed", "reason", "reading", "expected", "verdict"}
    assert rows["before_role"]["observed"] is False
    assert "before this job" in rows["before_role"]["reason"]
    assert rows["running"]["reading"] is None
    assert "state is the proof" in rows["running"]["reason"]


def test_readings_that_differ_are_warned_about_and_fail_nothing() -> None:
    """What is inferred only may turn out otherwise on a real machine."""
    odd = _WHOLE | {"probe.L1.after_script.nest-1": probe("guest_exposed", microcode_signature="000000CC")}
    bench, facts = _publish(odd)

    assert facts["lab.summary"]["verdicts"]["unexpected"] == 1
    assert bench.warnings() == ["CPU_LEDGER_UNEXPECTED"]


def test_a_host_that_is_itself_a_vm_is_unexpected() -> None:
    """The outermost probe of a nested host does not read as a root on metal."""
    assert _verdicts(_WHOLE | {"probe.L0": probe("guest_root")})["L0 after_role"] == "unexpected"


def test_a_smoke_test_that_was_off_is_listed_as_not_observed() -> None:
    """A builder's ledger always has a row for the innermost level; other jobs list it only when a VM ran."""
    without = {name: value for name, value in _WHOLE.items() if name not in ("probe.L2.nest-1", "nested.nest-1")}

    assert _verdicts(without)["L2 running"] == "not_observed"
    assert "L2 running" not in _verdicts(without, kind="install_role")


def test_the_summary_names_nodes_cluster_and_nested_vms() -> None:
    """The summary is what a caller needs to use the lab; nodes come in natural order."""
    facts = _WHOLE | {"node.nest-10.vm_id": "10", "node.nest-2.vm_id": "2"}
    summary = _publish(facts)[1]["lab.summary"]

    assert [node["name"] for node in summary["nodes"]] == ["nest-1", "nest-2", "nest-10"]
    assert summary["nodes"][0] == {
        "name": "nest-1",
        "vm_id": VM_ID,
        "mac": None,
        "address": "10.0.0.11",
        "boot_id": None,
    }
    assert summary["cluster"]["name"] == "lab-cl"
    assert summary["nested_vms"] == [{"name": "smoke", "vm_id": "9", "node": "nest-1"}]


def test_a_lab_without_a_cluster_says_so() -> None:
    """No cluster is None, not an empty object."""
    assert _publish(FACTS)[1]["lab.summary"]["cluster"] is None
