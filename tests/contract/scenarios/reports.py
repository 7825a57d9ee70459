"""What a Windows says of itself: reports, the processor's readings, the boot, the hypervisor, the event log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.contract.scenario import Scenario
from tests.contract.world import HYPERV, OWNER, Event, Machine, Switch, Vm, World, a_node, a_world

NODE, INNER = "nest-1", "nest-1/inner"
_REPORT, _PROBE, _BOOT = "Get-NestedHostReport", "Get-NestedCpuProbe", "Get-NestedBootIdentity"
_PROOF, _EVIDENCE = "Get-NestedHypervisorProof", "Get-NestedEvidence"
_PENDING = {**HYPERV, "Hyper-V": "InstallPending"}
_HOUR = 3600.0


def inside(vm: dict[str, Any] | None = None, *, vendor: str = "intel", **guest: Any) -> World:
    """A world with one node: `vm` changes its VM, `guest` what runs in it."""
    return a_world(vendor=vendor, vms=(a_node(NODE, vm=vm, **guest),))


def _with_inner(**node: Any) -> World:
    """A node with the role and a nested VM that has a guest."""
    inner = Vm("inner", OWNER, "Running", adapters=(), guest=Machine("INNER", installation_type="Nano Server"))
    return inside(features=HYPERV, vms=(inner,), **node)


REPORTS = (
    Scenario(
        _REPORT,
        "read",
        answers={
            "OsBuild": 20348,
            "InstallationType": "Server",
            "SocketCount": 1,
            "HyperVInstalled": True,
            "HypervisorPresent": True,
            "IsVirtualMachine": False,
            "NestedVirtOffered": True,
            "VbsRunning": False,
            "DefaultVMVersion": "10.0",
            "MaxShellsPerUser": 30,
        },
        warnings=0,
    ),
    Scenario(
        _REPORT,
        "read: VMs and switches of ours and of others",
        a_world(
            vms=(Vm("nest-1", OWNER, "Running"), Vm("nest-1"), Vm("old", "lab_2", "Saved", version="9.0")),
            switches=(Switch("External", "External"), Switch("mk-1", owner=OWNER), Switch("mk-2", "Private")),
        ),
    ),
    Scenario(_REPORT, "read: release 2019", a_world(release="2019"), answers={"OsBuild": 17763}),
    Scenario(_REPORT, "read: two sockets", a_world(sockets=2), answers={"SocketCount": 2, "LogicalProcessorCount": 64}),
    Scenario(_REPORT, "read: VBS runs", replace(a_world(), vbs_running=True), answers={"VbsRunning": True}),
    Scenario(
        _REPORT,
        "read: nesting is forbidden",
        replace(a_world(), nesting_offered=False),
        answers={"NestedVirtOffered": False},
    ),
    Scenario(
        _REPORT,
        "read: no role",
        a_world(features={}, switches=()),
        answers={"HyperVInstalled": False, "HypervisorPresent": False, "SupportedVMVersions": [], "VMs": []},
        warnings=0,
    ),
    Scenario(
        _REPORT,
        "read: tools without the role",
        a_world(features={"Hyper-V-PowerShell": "Installed"}, switches=()),
        answers={"HyperVInstalled": False, "DefaultVMVersion": None},
        warnings=1,
    ),
    Scenario(
        _REPORT,
        "read: Hyper-V's service is away",
        replace(a_world(), faults={"management_away": True}),
        answers={"HyperVInstalled": True, "VMs": []},
        warnings=1,
    ),
    Scenario(
        _REPORT,
        "read: no administrator",
        replace(a_world(is_admin=False, is_hyperv_admin=False), nesting_offered=False),
        answers={"MaxShellsPerUser": None, "NestedVirtOffered": True, "VMs": []},
        uncertain="what somebody without rights is told by each of the cmdlets",
    ),
    Scenario(
        _REPORT,
        "read: in a node",
        inside(features=HYPERV),
        machine=NODE,
        answers={"IsVirtualMachine": True, "InstallationType": "Server Core", "HyperVInstalled": True},
    ),
    Scenario(_REPORT, "read: in a node without the role", inside(), machine=NODE, answers={"HyperVInstalled": False}),
    Scenario(_REPORT, "read: in English", replace(a_world(), language="en-US")),
)


def _bits(*, shown: bool) -> dict[str, bool]:
    names = ("VMMonitorModeExtensions", "SecondLevelAddressTranslation", "VirtualizationFirmwareEnabled")
    return dict.fromkeys(names, shown)


def _probe(name: str, world: World, machine: str, kind: str, *, shown: bool, launched: bool, **more: Any) -> Scenario:
    answers = {"Classification": kind, "HypervisorLaunched": launched, **_bits(shown=shown), **more}
    return Scenario(_PROBE, f"read: {name}", world, machine=machine, answers=answers, warnings=0)


_GUEST = {"GuestMarker": True, "HypervisorPresent": True, "MicrocodeSignature": "FFFFFFFF"}
_INTEL = {"GuestMarker": False, "CpuVendor": "GenuineIntel", "MicrocodeSignature": "000000CC"}
_AMD = {"GuestMarker": False, "CpuVendor": "AuthenticAMD", "MicrocodeSignature": "0A0011D1"}
_CLOSED = {"exposed": False}


def _probes(vendor: str, real: dict[str, Any]) -> tuple[Scenario, ...]:
    """All classifications on processors of one vendor."""
    on = f" on {vendor}"
    bare = a_world(vendor=vendor, features={}, switches=())
    host = a_world(vendor=vendor)
    plain = inside(vendor=vendor)
    root = inside(vendor=vendor, features=HYPERV)
    closed = inside(_CLOSED, vendor=vendor)
    dead = inside(_CLOSED, vendor=vendor, features=HYPERV)
    return (
        _probe("metal" + on, bare, "host", "metal", shown=True, launched=False, **real, HypervisorPresent=False),
        _probe("root" + on, host, "host", "root", shown=False, launched=True, **real, HypervisorPresent=True),
        _probe("guest_exposed" + on, plain, NODE, "guest_exposed", shown=True, launched=False, **_GUEST),
        _probe("guest_root" + on, root, NODE, "guest_root", shown=False, launched=True, **_GUEST),
        _probe("guest_not_exposed" + on, closed, NODE, "guest_not_exposed", shown=False, launched=False, **_GUEST),
        _probe(
            "guest_not_exposed with the role" + on,
            dead,
            NODE,
            "guest_not_exposed",
            shown=False,
            launched=False,
            HyperVInstalled=True,
        ),
    )


PROBES = (
    Scenario(_PROBE, "read", answers={"Classification": "root"}, warnings=0),
    *_probes("intel", _INTEL),
    *_probes("amd", _AMD),
    _probe("role before its restart", inside(features=_PENDING), NODE, "guest_exposed", shown=True, launched=False),
    _probe(
        "extensions and a role whose hypervisor does not start",
        inside(features=HYPERV, launches=False, failure=5),
        NODE,
        "guest_exposed",
        shown=True,
        launched=False,
        HyperVInstalled=True,
    ),
    _probe("nested VM", _with_inner(), INNER, "guest_not_exposed", shown=False, launched=False, **_GUEST),
    _probe("two sockets", a_world(sockets=2, features={}), "host", "metal", shown=True, launched=False),
    _probe("four sockets, root", a_world(sockets=4), "host", "root", shown=False, launched=True),
)

BOOTS = (
    Scenario(_BOOT, "read", answers={"PendingReboot": False, "PendingReasons": []}, warnings=0),
    Scenario(_BOOT, "read: in a node", inside(), machine=NODE, answers={"PendingReboot": False}),
    Scenario(
        _BOOT,
        "read: a role waits",
        inside(features=_PENDING),
        machine=NODE,
        answers={"PendingReboot": True, "PendingReasons": ["servicing"]},
    ),
)


def _failure(event: int, reason: str, **guest: Any) -> Scenario:
    """The hypervisor of a node says with an event why it did not start."""
    return Scenario(
        _PROOF,
        f"read: event {event}",
        inside(features=HYPERV, launches=False, failure=event, **guest),
        machine=NODE,
        answers={
            "HypervisorLaunched": False,
            "LaunchEventId": None,
            "FailureEventId": event,
            "FailureReason": reason,
            "VmmsRunning": True,
        },
    )


_LAUNCHED = {"HypervisorLaunched": True, "LaunchEventId": 1, "FailureEventId": None, "FailureReason": None}
_NOTHING = {"HypervisorLaunched": False, "LaunchEventId": None, "LaunchedAt": None, "FailureEventId": None}
_OLD = Event(1, age_seconds=48 * _HOUR)

PROOFS = (
    Scenario(_PROOF, "read", answers={**_LAUNCHED, "VmmsRunning": True, "VMHostAnswers": True}, warnings=0),
    Scenario(_PROOF, "read: in a node", inside(features=HYPERV), machine=NODE, answers=_LAUNCHED),
    Scenario(_PROOF, "read: in a node on AMD", inside(vendor="amd", features=HYPERV), machine=NODE, answers=_LAUNCHED),
    _failure(5, "launch disabled in BCD"),
    _failure(32, "platform unsupported"),
    _failure(41, "VMX missing"),
    _failure(42, "SVM missing"),
    _failure(44, "NX missing"),
    _failure(59, "SLAT missing"),
    Scenario(
        _PROOF,
        "read: not exposed on AMD",
        inside(_CLOSED, vendor="amd", features=HYPERV),
        machine=NODE,
        answers={"FailureEventId": 42, "FailureReason": "SVM missing", "VmmsRunning": True, "VMHostAnswers": True},
    ),
    Scenario(_PROOF, "read: a launch of an older boot", inside(events=(_OLD,)), machine=NODE, answers=_NOTHING),
    Scenario(
        _PROOF,
        "read: no role",
        inside(),
        machine=NODE,
        answers={**_NOTHING, "VmmsRunning": False, "VMHostAnswers": False, "PendingReboot": False},
    ),
    Scenario(
        _PROOF,
        "read: role before its restart",
        inside(features=_PENDING),
        machine=NODE,
        answers={**_NOTHING, "VmmsRunning": False, "VMHostAnswers": False, "PendingReboot": True},
    ),
    Scenario(
        _PROOF,
        "read: role without its tools",
        inside(features={"Hyper-V": "Installed"}),
        machine=NODE,
        answers={**_LAUNCHED, "VmmsRunning": True, "VMHostAnswers": False},
    ),
    Scenario(
        _PROOF,
        "read: Hyper-V's service is away",
        replace(inside(features=HYPERV), faults={"management_away": True}),
        machine=NODE,
        answers={**_LAUNCHED, "VMHostAnswers": False},
    ),
)

_CLUSTER_LOG = "Microsoft-Windows-FailoverClustering/Operational"
_EVENTS = (
    Event(1069, "Microsoft-Windows-FailoverClustering", "Error", 30.0),
    Event(7, "disk", "Critical", 600.0),
    Event(10016, "Microsoft-Windows-DistributedCOM", "Warning", 60.0),
    Event(7036, "Service Control Manager", "Information", 20.0),
    Event(41, age_seconds=2 * _HOUR, level="Error"),
)
_MANY = tuple(Event(10016, "Microsoft-Windows-DistributedCOM", "Warning", 10.0 + number) for number in range(205))

EVIDENCE = (
    Scenario(_EVIDENCE, "read: nothing", answers={"Events": [], "Truncated": False}, warnings=0),
    Scenario(_EVIDENCE, "read", inside(events=_EVENTS), machine=NODE, answers={"Truncated": False}),
    Scenario(_EVIDENCE, "read: half a minute ago and more", inside(events=_EVENTS), {"SinceMinutes": 2}, NODE),
    Scenario(_EVIDENCE, "read: three hours", inside(events=_EVENTS), {"SinceMinutes": 180}, NODE),
    Scenario(_EVIDENCE, "read: more than 200", inside(events=_MANY), machine=NODE, answers={"Truncated": True}),
    Scenario(
        _EVIDENCE,
        "read: two logs",
        inside(events=(Event(1135, "Cluster", "Error", 40.0, _CLUSTER_LOG), *_EVENTS)),
        machine=NODE,
    ),
    Scenario(
        _EVIDENCE,
        "refused: no minutes",
        arguments={"SinceMinutes": 0},
        expect="ParameterArgumentValidationError,Get-NestedEvidence",
    ),
)

SCENARIOS = (*REPORTS, *PROBES, *BOOTS, *PROOFS, *EVIDENCE)
