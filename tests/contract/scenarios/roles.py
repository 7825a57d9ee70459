"""Features of Windows Server and groups of firewall rules inside a node."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.contract.scenario import Scenario, Step
from tests.contract.scenarios.reports import NODE, inside
from tests.contract.world import CLUSTERING, HYPERV, World

_GET, _INSTALL = "Get-NestedRole", "Install-NestedRole"
_RULES, _OPEN = "Get-NestedFirewallRule", "Enable-NestedFirewallRule"
_WINDOWS = "Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"
_PENDING = {**HYPERV, "Hyper-V": "InstallPending"}
HYPERV_NAMES = ("Hyper-V", "Hyper-V-PowerShell")
CLUSTER_NAMES = ("Failover-Clustering", "RSAT-Clustering-PowerShell")
_CLOSED = {"exposed": False}
_RESTART = {"RestartNeeded": True, "ExitCode": "SuccessRestartRequired"}
_BLIND = {"blind_prerequisite": True}


def _asked(*names: str) -> dict[str, Any]:
    return {"Feature": list(names)}


def _rows(**states: str | None) -> list[dict[str, str | None]]:
    return [{"Name": name.replace("_", "-"), "InstallState": state} for name, state in states.items()]


def _get(name: str, world: World, *features: str, **answers: Any) -> Scenario:
    return Scenario(_GET, name, world, _asked(*features), NODE, answers=answers, warnings=0)


READING = (
    _get("read", inside(features=HYPERV), "Hyper-V", Installed=True, PendingReboot=False),
    _get(
        "read: nothing installed",
        inside(),
        *HYPERV_NAMES,
        Installed=False,
        Features=_rows(Hyper_V="Available", **{"Hyper-V-PowerShell": "Available"}),
    ),
    _get("read: half done", inside(features={"Hyper-V-PowerShell": "Installed"}), *HYPERV_NAMES, Installed=False),
    _get("read: waits for a restart", inside(features=_PENDING), *HYPERV_NAMES, Installed=False, PendingReboot=True),
    _get("read: in small letters", inside(features=CLUSTERING), "failover-clustering", Installed=True),
    _get("read: no such feature", inside(), "Hyper-V", "Hyper-W", Installed=False),
    _get("read: removed", inside(features={"Hyper-V": "Removed"}), "Hyper-V", Installed=False),
    Scenario(
        _GET,
        "refused: no feature",
        inside(),
        {"Feature": []},
        NODE,
        expect="ParameterArgumentValidationError,Get-NestedRole",
    ),
    Scenario(_GET, "read: on the host", arguments=_asked("Hyper-V"), answers={"Installed": True}),
)


def _install(name: str, world: World, features: tuple[str, ...], **more: Any) -> Scenario:
    return Scenario(_INSTALL, name, world, _asked(*features), NODE, **more)


def _refused(name: str, world: World, features: tuple[str, ...], word: str, **more: Any) -> Scenario:
    expect = f"{word},{_WINDOWS}"
    return _install(f"refused: {name}", world, features, expect=expect, unchanged=True, **more)


_CHECK = "Alteration_PrerequisiteCheck_Failed"

INSTALLING = (
    _install("fresh", inside(), HYPERV_NAMES, changed=True, answers={**_RESTART, "UsedDism": False}),
    _install("fresh: on AMD", inside(vendor="amd"), HYPERV_NAMES, changed=True, answers=_RESTART),
    _install("fresh: the role alone brings its tools", inside(), ("Hyper-V",), changed=True, answers=_RESTART),
    _install(
        "fresh: clustering",
        inside(),
        CLUSTER_NAMES,
        changed=True,
        warnings=0,
        answers={"RestartNeeded": False, "ExitCode": "Success"},
    ),
    _install("fresh: both", inside(), (*HYPERV_NAMES, *CLUSTER_NAMES), changed=True, answers=_RESTART),
    _install("fresh: in small letters", inside(), ("failover-clustering",), changed=True),
    _install("half done", inside(features={"Hyper-V-PowerShell": "Installed"}), HYPERV_NAMES, changed=True),
    _install(
        "half done: clustering is missing, the role waits",
        inside(features=_PENDING),
        (*HYPERV_NAMES, *CLUSTER_NAMES),
        changed=True,
        answers={"RestartNeeded": True},
        uncertain="DISMAPI_Error__Failed_Reboot_Required is known of servicing that others left pending",
    ),
    _install(
        "half done: clustering is missing", inside(features=HYPERV), (*HYPERV_NAMES, *CLUSTER_NAMES), changed=True
    ),
    _install(
        "already done",
        inside(features=HYPERV),
        HYPERV_NAMES,
        changed=False,
        answers={"RestartNeeded": False, "ExitCode": "NoChangeNeeded", "UsedDism": False},
        warnings=0,
    ),
    _install(
        "already done: waits for the restart",
        inside(features=_PENDING),
        HYPERV_NAMES,
        changed=False,
        answers={"RestartNeeded": True},
    ),
    _install(
        "already done: again",
        inside(),
        HYPERV_NAMES,
        first=(Step(_INSTALL, _asked(*HYPERV_NAMES), NODE),),
        changed=False,
        answers={"RestartNeeded": True},
    ),
    _install(
        "fresh: by DISM",
        replace(inside(), faults=_BLIND),
        HYPERV_NAMES,
        changed=True,
        answers={**_RESTART, "UsedDism": True},
    ),
    _install(
        "fresh: by DISM, the role alone",
        replace(inside(), faults=_BLIND),
        ("Hyper-V",),
        changed=True,
        answers={**_RESTART, "UsedDism": True},
    ),
    _install(
        "fresh: by DISM, clustering too",
        replace(inside(), faults=_BLIND),
        (*HYPERV_NAMES, *CLUSTER_NAMES),
        changed=True,
        answers={**_RESTART, "UsedDism": True},
    ),
    _install("what-if", inside(), HYPERV_NAMES, changed=False, what_if=True),
    _install("what-if: no such feature", inside(), ("Hyper-W",), changed=False, what_if=True),
    _install("what-if: a VM without extensions", inside(_CLOSED), HYPERV_NAMES, changed=False, what_if=True),
    _refused("no extensions", inside(_CLOSED), HYPERV_NAMES, _CHECK),
    _refused("no extensions on AMD", inside(_CLOSED, vendor="amd"), HYPERV_NAMES, _CHECK),
    _refused("no extensions, clustering too", inside(_CLOSED), (*CLUSTER_NAMES, *HYPERV_NAMES), _CHECK),
    _refused("no such feature", inside(), ("Hyper-W",), "NameDoesNotExist"),
    _refused("no such feature beside a known one", inside(), ("Failover-Clustering", "Hyper-W"), "NameDoesNotExist"),
    _refused(
        "its files were removed",
        inside(features={"Hyper-V": "Removed"}),
        HYPERV_NAMES,
        "DISMAPI_Error__Cbs_Download_Failure",
        uncertain="whether a node reaches Windows Update",
    ),
    _refused(
        "no administrator",
        inside(is_admin=False),
        CLUSTER_NAMES,
        "DISMAPI_Error__Failed_To_Enable_Updates",
        uncertain="the id of what somebody without rights is told",
    ),
)

SHARING, REMOTE, MANAGEMENT = "@FirewallAPI.dll,-28502", "@FirewallAPI.dll,-29252", "@FirewallAPI.dll,-34251"


def _groups(*names: str) -> dict[str, Any]:
    return {"Group": list(names)}


def _read(name: str, world: World, *groups: str, on: bool) -> Scenario:
    return Scenario(_RULES, name, world, _groups(*groups), NODE, answers={"Enabled": on}, warnings=0)


_ON = inside(firewall=(SHARING, MANAGEMENT))

RULES = (
    _read("read", _ON, SHARING, on=True),
    _read("read: all", _ON, SHARING, MANAGEMENT, on=True),
    _read("read: one is off", _ON, SHARING, REMOTE, on=False),
    _read("read: all are off", inside(), SHARING, REMOTE, on=False),
    _read("read: a group that is not there", _ON, SHARING, "@Nobody.dll,-1", on=False),
    _read("read: in other letters", _ON, SHARING.lower(), on=True),
    Scenario(_OPEN, "fresh", inside(), _groups(SHARING), NODE, changed=True, answers={"Enabled": True}),
    Scenario(_OPEN, "fresh: three", inside(), _groups(SHARING, REMOTE, MANAGEMENT), NODE, changed=True),
    Scenario(_OPEN, "half done", _ON, _groups(SHARING, REMOTE, MANAGEMENT), NODE, changed=True),
    Scenario(_OPEN, "already done", _ON, _groups(SHARING, MANAGEMENT), NODE, changed=False, warnings=0),
    Scenario(_OPEN, "what-if", inside(), _groups(SHARING), NODE, what_if=True, changed=False),
    Scenario(
        _OPEN,
        "refused: a group that is not there",
        inside(),
        _groups("@Nobody.dll,-1"),
        NODE,
        expect="CmdletizationQuery_NotFound_RuleGroup,Enable-NetFirewallRule",
        unchanged=True,
    ),
    Scenario(
        _OPEN,
        "refused: a group that is not there after one that is",
        inside(),
        _groups(SHARING, "@Nobody.dll,-1", REMOTE),
        NODE,
        expect="CmdletizationQuery_NotFound_RuleGroup,Enable-NetFirewallRule",
        unchanged=False,
    ),
    Scenario(_OPEN, "what-if: not there", inside(), _groups("@Nobody.dll,-1"), NODE, what_if=True, changed=False),
    Scenario(
        _OPEN,
        "refused: no administrator",
        replace(inside(is_admin=False), language="en-US"),
        _groups(SHARING),
        NODE,
        expect="Windows System Error 5,Enable-NetFirewallRule",
        unchanged=True,
    ),
)

SCENARIOS = (*READING, *INSTALLING, *RULES)
