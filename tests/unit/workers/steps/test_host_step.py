"""InspectHost: the gates before anything is built."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import OWNER, Bench
from tests.unit.workers.steps.records import GIB, host_report, probe
from workers.errors import StepRefused

_GATES = {"memory_mib": 24 * GIB, "disk_gib": 120, "nesting": True}


def _bench(report: dict[str, Any] | None = None, **params: Any) -> Bench:
    host = FakeHost({"Get-NestedHostReport": report or host_report(), "Get-NestedCpuProbe": probe("root")})
    return Bench("InspectHost", host, {"gates": _GATES, "switch": "lab"} | params)


def test_a_fit_host_gives_its_report_and_probe() -> None:
    """A host that can build the lab ends with its report, findings and the outermost probe; nothing is changed."""
    bench = _bench()

    ended, facts = bench.run()

    assert ended == "succeeded"
    assert facts["host.report"]["os_build"] == 20348
    assert facts["probe.L0"]["classification"] == "root"
    assert bench.changes() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"os_build": 9600}, "HOST_BUILD_TOO_OLD"),
        ({"cpu_vendor": "AuthenticAMD", "os_build": 17763}, "HOST_CPU_UNSUPPORTED"),
        ({"memory_free_mib": 16 * GIB}, "CAPACITY_RAM"),
        ({"volumes": [{"path": "C:\\", "free_gib": 50}]}, "CAPACITY_DISK"),
        ({"switches": []}, "SWITCH_MISSING"),
        ({"is_administrator": False, "is_hyper_v_administrator": False}, "ACCESS_DENIED"),
        ({"nested_virt_offered": False}, "NESTING_SWITCHED_OFF"),
    ],
)
def test_each_gate_refuses_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    """What the host lacks is refused before anything is changed, with a reason code and a remedy."""
    with pytest.raises(StepRefused) as refused:
        _bench(host_report(**changes)).run()

    assert refused.value.reason == reason
    assert refused.value.remedy


def test_memory_of_our_own_vms_is_not_needed_again() -> None:
    """A run that goes on after a break counts what its VMs hold already as room."""
    ours = {"name": "nest-1", "vm_id": "1", "state": "Running", "memory_assigned_mib": 12 * GIB, "owner": OWNER}

    ended, _ = _bench(host_report(memory_free_mib=13 * GIB, vms=[ours])).run()

    assert ended == "succeeded"


def test_disk_room_is_that_of_the_volume_of_the_storage_path() -> None:
    """With a path the room of its own volume counts, not that of the roomiest one."""
    with pytest.raises(StepRefused) as refused:
        _bench(gates=_GATES | {"path": r"C:\Labs"}).run()

    assert refused.value.reason == "CAPACITY_DISK"


def test_without_gates_a_poor_host_is_reported_not_refused() -> None:
    """An inspection alone answers with the findings of a host that cannot nest."""
    ended, facts = _bench(host_report(os_build=9600), gates={}, switch="").run()

    assert ended == "succeeded"
    assert "HOST_BUILD_TOO_OLD" in [finding["code"] for finding in facts["host.findings"]]


def test_a_host_that_is_a_vm_is_warned_about() -> None:
    """Warnings of the rules become warning events."""
    bench = _bench(host_report(is_virtual_machine=True))
    bench.run()

    assert "HOST_IS_VM" in bench.warnings()
