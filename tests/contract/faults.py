"""What goes wrong on purpose, by one name for both engines. Each engineer adds rows of the own group.

`FAULTS[name]` says what the pretended Windows is told ({cmdlet: ordered refusal}, tests/powershell/fakes/README.md),
given the fault's value; None where the pretended Windows looks at `faults.<name>` itself. The sandbox knows the name as
a field of sandbox.machine.config.Faults; `SANDBOX` renames where it calls it differently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.world import World

Ordered = Mapping[str, Mapping[str, Any]]
MANY = 1000
_CLUSTER = "Microsoft.FailoverClusters.PowerShell.ClusterCmdletException"
_E_FAIL, _TIMEOUT, _NOT_AVAILABLE, _EXCEPTION = 0x80004005, 0x800705B4, 0x800713BA, 0x80131500
_PASSWORD = "Microsoft.PowerShell.Commands.InvalidPasswordException"
_HYPERV = "Microsoft.HyperV.PowerShell.VirtualizationException"

FAULTS: dict[str, Callable[[Any], Ordered] | None] = {
    # Clusters: a validation test or category that fails; file share witnesses work in a workgroup.
    "failing_test": None,
    "workgroup_file_share": None,
    # Start-ClusterNode fails; Azure refuses the access key of a cloud witness.
    "start_refused": lambda _: {
        "Start-ClusterNode": refusal("Start-ClusterNode", "NotSpecified", exception=_CLUSTER, hresult=_TIMEOUT)
    },
    "witness_refused": lambda _: {
        "Set-ClusterQuorum": refusal("Set-ClusterQuorum", "NotSpecified", exception=_CLUSTER, hresult=_E_FAIL)
    },
    # A node cannot be paused; what runs on a paused one cannot be moved.
    "drain_refused": lambda _: {
        "Suspend-ClusterNode": refusal(
            "Suspend-ClusterNode", "NotSpecified", exception=_CLUSTER, hresult=_NOT_AVAILABLE
        )
    },
    "drain_fails": None,
    # The password policy of guests takes no password.
    "password_refused": lambda _: {
        "Set-LocalUser": refusal("InvalidPassword", "InvalidArgument", exception=_PASSWORD, hresult=_EXCEPTION)
    },
    # The clock is set back while a validation runs, so that its data are older than its beginning.
    "clock_set_back": None,
    # What nobody knows of validation data, the other way: codes for words, Windows' Temp for the reports folder.
    "coded_results": None,
    "data_in_temp": None,
    "no_validation_data": None,
    # Guests do not let the module run.
    "module_refused": None,
    # A SAN policy keeps every disk that is mounted offline.
    "offline_disks": None,
    # Every disk has a volume, also one without Windows.
    "formatted_disks": None,
    # Set-VMProcessor does not keep the exposed extensions.
    "exposure_reverts": None,
    # Get-VM names the absence of an id as other cmdlets do.
    "absent_is_not_found": lambda _: {
        "Get-VM": refusal("ObjectNotFound", "ObjectNotFound", exception=_HYPERV, times=1)
    },
    # Hyper-V's own service does not answer.
    "management_away": lambda _: {
        name: refusal("ObjectNotFound", "ObjectNotFound", exception=_HYPERV) for name in ("Get-VM", "Get-VMHost")
    },
    # ServerManager refuses Hyper-V although the processor shows the extensions.
    "blind_prerequisite": None,
}
# Names of faults that the sandbox has not: None says so (the scenario then shows a difference that must be explained).
SANDBOX: dict[str, str | None] = {
    "clock_set_back": None,
    "coded_results": None,
    "data_in_temp": None,
    "no_validation_data": None,
    "offline_disks": None,
    "formatted_disks": None,
    "absent_is_not_found": None,
}


def engine_faults(world: World) -> dict[str, Any]:
    """What the pretended Windows' world has under `faults`. KeyError for a fault without a row."""
    made: dict[str, Any] = {}
    for name, value in world.faults.items():
        rule = FAULTS[name]
        made.update({name: value} if rule is None else rule(value))
    return made


def sandbox_faults(world: World) -> dict[str, Any]:
    """The fields of the sandbox's fault switches."""
    renamed = {SANDBOX.get(name, name): value for name, value in world.faults.items()}
    return {name: value for name, value in renamed.items() if name is not None}


def refusal(
    error_id: str, category: str, *, exception: str = "System.Exception", hresult: int = 0, times: int = MANY
) -> dict[str, Any]:
    """An ordered terminating refusal of a cmdlet; the engine appends the cmdlet's class to the id."""
    return {
        "id": error_id,
        "category": category,
        "exception": exception,
        "hresult": hresult,
        "terminating": True,
        "times": times,
    }
