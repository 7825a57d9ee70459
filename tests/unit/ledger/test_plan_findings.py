"""What a plan says about its lab beside its steps."""

from __future__ import annotations

from typing import Any

import pytest

from service.ledger.plan import PlanContext
from tests.unit.ledger.plan_records import IMAGE, context, finding, host, plan_of, report
from tests.unit.schemas.bodies import DOMAIN

_S2D = {"cluster__storage": "s2d", "nodes__data_disks": [{"size_gib": 100}] * 2}
_LAN = {"switch": {"kind": "external", "name": "LAN"}, "subnet": "172.30.50.0/24"}


def _judged(known: PlanContext, code: str, **changes: Any) -> tuple[str, str] | None:
    found = finding(plan_of(known=known, **changes), code)
    return (str(found.severity), found.pointer) if found else None


@pytest.mark.parametrize(
    ("changes", "code", "expected"),
    [
        ({}, "EVALUATION_ONLY", ("info", "")),
        ({}, "WITNESS_MISSING", None),
        ({"nodes__count": 2}, "WITNESS_MISSING", ("warning", "#/cluster/witness")),
        ({"nodes__count": 4}, "WITNESS_MISSING", ("warning", "#/cluster/witness")),
        (
            {"nodes__count": 2, "cluster__witness": {"kind": "disk", "disk_name": "Q"}},
            "WITNESS_DISK_SHARED",
            ("warning", "#/cluster/witness"),
        ),
        (_S2D, "S2D_NEEDS_DATACENTER", None),
        (_S2D | {"nodes__count": 4}, "S2D_MANY_NODES", ("warning", "#/nodes/count")),
        (_S2D | {"nodes__count": 2}, "S2D_WITNESS", ("warning", "#/cluster/witness")),
        ({"network": _LAN}, "ADDRESSES_CHOSEN", ("warning", "#/network/addresses")),
        ({}, "ADDRESSES_CHOSEN", None),
        ({"identity": DOMAIN}, "DNS_MISSING", ("warning", "#/network/dns_servers")),
        ({"identity": DOMAIN, "network__dns_servers": ["172.30.50.9"]}, "DNS_MISSING", None),
        (
            {"network": {"switch": _LAN["switch"], "addressing": "dhcp"}},
            "NAMES_NEED_DNS",
            ("warning", "#/network/addressing"),
        ),
        ({}, "ONE_NAT", ("info", "#/network/nat")),
        ({"network__nat": False}, "ONE_NAT", None),
        (
            {"nodes__memory_mib": 1024, "nodes__allow_small_memory": True},
            "MEMORY_TOO_SMALL",
            ("warning", "#/nodes/memory_mib"),
        ),
        ({"guest__username": "Administrateur"}, "GUEST_NOT_ADMINISTRATOR", ("warning", "#/guest/username")),
    ],
)
def test_findings_about_the_request(changes: dict[str, Any], code: str, expected: tuple[str, str] | None) -> None:
    """Each rule about the request finds its case, where it is said in the request."""
    assert _judged(context(), code, **changes) == expected


@pytest.mark.parametrize(
    ("known", "code", "expected"),
    [
        (context(host=None), "HOST_UNKNOWN", ("warning", "#/host")),
        (context(host=host(report=None)), "HOST_NOT_INSPECTED", ("warning", "")),
        (context(host=host(report=None)), "CAPACITY_UNKNOWN", ("warning", "")),
        (context(image=None), "IMAGE_UNKNOWN", ("error", "#/nodes/image")),
        (context(image=IMAGE | {"os_build": 0}), "IMAGE_BUILD_UNKNOWN", ("info", "#/nodes/image")),
        (context(host=host(report=report(cpu_vendor="Other"))), "HOST_CPU_UNSUPPORTED", ("error", "")),
        (context(host=host(report=report(memory_total_mib=20000))), "CAPACITY_RAM", ("error", "#/nodes/memory_mib")),
        (context(host=host(report=report(memory_free_mib=20000))), "CAPACITY_RAM", ("warning", "#/nodes/memory_mib")),
        (
            context(host=host(capacity={"memory_mib": 24576, "disk_gib": 999})),
            "CAPACITY_RAM",
            ("error", "#/nodes/memory_mib"),
        ),
        (context(host=host(capacity={"memory_mib": 28672, "disk_gib": 999})), "CAPACITY_RAM", None),
        (
            context(host=host(capacity={"memory_mib": 99999, "disk_gib": 100})),
            "CAPACITY_DISK",
            ("error", "#/nodes/disk_gib"),
        ),
        (
            context(host=host(report=report(volumes=[{"path": "D:\\", "free_gib": 10, "size_gib": 4000}]))),
            "CAPACITY_DISK",
            ("warning", "#/nodes/disk_gib"),
        ),
        (
            context(host=host(report=report(vms=[{"name": "NEST-2", "owner": None}]))),
            "NAME_TAKEN",
            ("warning", "#/nodes"),
        ),
        (
            context(host=host(report=report(switches=[{"name": "Lab", "owner": "lab_x"}]))),
            "NAME_TAKEN",
            ("warning", "#/network/switch/name"),
        ),
        (context(), "CAPACITY_RAM", None),
        (context(), "CAPACITY_DISK", None),
        (context(), "NAME_TAKEN", None),
    ],
)
def test_findings_about_host_and_image(known: PlanContext, code: str, expected: tuple[str, str] | None) -> None:
    """Each rule about what is known of host and image finds its case."""
    assert _judged(known, code) == expected


def test_the_longest_mount_point_holds_the_storage() -> None:
    """A volume that is mounted in a folder counts, not the drive around it."""
    volumes = [
        {"path": "D:\\", "free_gib": 10, "size_gib": 10},
        {"path": "D:\\Labs\\", "free_gib": 900, "size_gib": 900},
    ]
    known = context(host=host(storage_path="D:\\Labs\\all", report=report(volumes=volumes)))

    assert _judged(known, "CAPACITY_DISK") is None


def test_a_missing_switch_is_a_warning_only() -> None:
    """A switch that was not there at the last inspection may be there now."""
    network = {"switch": {"kind": "external", "name": "Other"}, "addressing": "dhcp"}

    assert _judged(context(), "SWITCH_MISSING", network=network) == ("warning", "#/network/switch/name")
    assert _judged(context(host=host(report=None)), "SWITCH_MISSING", network=network) is None


@pytest.mark.parametrize(
    ("edition", "code", "severity"),
    [
        ("standard", "S2D_NEEDS_DATACENTER", "error"),
        ("unknown", "S2D_EDITION_UNKNOWN", "warning"),
    ],
)
def test_s2d_needs_a_datacenter_image(edition: str, code: str, severity: str) -> None:
    """Storage Spaces Direct is refused on another edition, and doubted on an unknown one."""
    known = context(image=IMAGE | {"edition": edition})

    assert _judged(known, code, **_S2D) == (severity, "#/nodes/image")


def test_a_disk_of_generation_1_is_refused() -> None:
    """Nodes are generation 2 VMs: a disk with a BIOS boot does not start in one."""
    known = context(image=IMAGE | {"generation": 1})

    assert _judged(known, "IMAGE_GENERATION") == ("error", "#/nodes/image")


def test_an_error_refuses_the_plan() -> None:
    """A plan with an error still shows its steps, and says that it is refused."""
    plan = plan_of(known=context(image=None))

    assert plan.refused
    assert len(plan.steps) == 53


def test_a_nested_host_points_into_its_own_node() -> None:
    """Pointers of a nested host begin at its node."""
    plan = plan_of("nested_host", known=context(image=None))
    found = finding(plan, "IMAGE_UNKNOWN")

    assert found is not None
    assert found.pointer == "#/node/image"
