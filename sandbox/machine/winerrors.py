"""Errors of Windows' own cmdlets: ids and categories of docs/sources.md H10, H12, H14. Uncertain ones say so."""

from __future__ import annotations

from sandbox.machine import errors
from sandbox.machine.errors import PsError

_VIRTUALIZATION = "Microsoft.HyperV.PowerShell.VirtualizationException"
_VHD = "Microsoft.Vhd.PowerShell.Cmdlets"
_CLUSTER = "Microsoft.FailoverClusters.PowerShell.ClusterCmdletException"


def hyperv(
    word: str, cmdlet: str, category: str, text: str, *, code: int = errors.COR_E_EXCEPTION, target: str = ""
) -> PsError:
    """`<word>,Microsoft.HyperV.PowerShell.Commands.<cmdlet>`; the exception is VirtualizationException."""
    fqid = f"{word},Microsoft.HyperV.PowerShell.Commands.{cmdlet}"
    return PsError(fqid, category, text, exception_type=_VIRTUALIZATION, hresult=code, target=target)


def vm_missing(cmdlet: str, name: str) -> PsError:
    """Get-VM says InvalidArgument, every other cmdlet ObjectNotFound."""
    text = f'Hyper-V was unable to find a virtual machine with name "{name}".'
    if cmdlet == "GetVM":
        return hyperv("InvalidParameter", cmdlet, "InvalidArgument", text, target=name)
    return hyperv("ObjectNotFound", cmdlet, "ObjectNotFound", text, target=name)


def switch_missing(cmdlet: str, name: str) -> PsError:
    """The switch is not there."""
    text = f'Hyper-V was unable to find a virtual switch with name "{name}".'
    return hyperv("InvalidParameter", cmdlet, "InvalidArgument", text, target=name)


def access_denied(cmdlet: str, host: str) -> PsError:
    """No rights (docs/sources.md H12)."""
    text = (
        "You do not have the required permission to complete this task. "
        f"Contact the administrator of the authorization policy for the computer '{host}'."
    )
    return hyperv("Unspecified", cmdlet, "NotSpecified", text)


def management_away(cmdlet: str, host: str) -> PsError:
    """The service vmms does not answer (docs/sources.md H12)."""
    text = f"Hyper-V encountered an error trying to access an object on computer '{host}' because it was not found."
    return hyperv("ObjectNotFound", cmdlet, "ObjectNotFound", text)


def platform_absent(cmdlet: str, host: str) -> PsError:
    """The tools are there, vmms is not."""
    text = f"The Hyper-V Management Tools could not access an expected WMI class on computer '{host}'."
    return hyperv("Unspecified", cmdlet, "NotSpecified", text)


def out_of_memory(name: str, mib: int) -> PsError:
    """Start-VM with too little free memory on the host."""
    text = (
        f"'{name}' failed to start. Not enough memory in the system to start the virtual machine {name} "
        f"with ram size {mib} megabytes. (0x8007000E)"
    )
    return hyperv("OutOfMemory", "StartVM", "FromStdErr", text)


def cannot_nest(name: str) -> PsError:
    """Start-VM of an exposed VM on AMD before 2022. Id uncertain, by analogy with component_not_running."""
    text = f"'{name}' could not be started because this platform does not support nested virtualization."
    return hyperv("OperationFailed", "StartVM", "NotSpecified", text, target=name)


def component_not_running(name: str) -> PsError:
    """Start-VM where no hypervisor runs at this level (docs/sources.md H12)."""
    text = f"Failed to start the virtual machine '{name}' because one of the Hyper-V components is not running."
    return hyperv("OperationFailed", "StartVM", "NotSpecified", text, target=name)


def disk_in_use(name: str, cmdlet: str = "StartVM") -> PsError:
    """A disk of the VM is attached elsewhere. Id uncertain, by analogy with other failed starts."""
    text = "Failed to Power on with Error 'The requested resource is in use.' (0x800700AA)."
    return hyperv("OperationFailed", cmdlet, "NotSpecified", text, target=name)


def wrong_state(cmdlet: str, device: str, name: str) -> PsError:
    """A setting that needs the VM off (extensions: uncertain, by analogy with Set-VMMemory)."""
    text = f"Failed to modify device '{device}'. '{name}' failed to modify device '{device}': it is not off."
    return hyperv("InvalidState", cmdlet, "InvalidOperation", text, target=name)


def not_now(cmdlet: str, name: str) -> PsError:
    """What the VM's state does not allow. Id uncertain, by analogy with Set-VMMemory."""
    text = f"The operation cannot be performed while the virtual machine is in its current state: '{name}'."
    return hyperv("InvalidState", cmdlet, "InvalidOperation", text, target=name)


def vhd(word: str, cmdlet: str, category: str, text: str) -> PsError:
    """`<word>,Microsoft.Vhd.PowerShell.Cmdlets.<cmdlet>`. Windows' number stands in the text, not in the HRESULT."""
    code = errors.COR_E_EXCEPTION
    return PsError(f"{word},{_VHD}.{cmdlet}", category, text, exception_type=_VIRTUALIZATION, hresult=code)


def command_missing(name: str, inside: str = "") -> PsError:
    """There is no such command: its module or role is not installed. `inside`: the function that it ended."""
    return PsError(
        f"CommandNotFoundException,{inside}" if inside else "CommandNotFoundException",
        "ObjectNotFound",
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program.",
        exception_type="System.Management.Automation.CommandNotFoundException",
        target=name,
    )


def cluster(
    word: str, cmdlet: str, category: str, text: str, *, code: int = errors.E_FAIL, target: str = ""
) -> PsError:
    """`<word>,Microsoft.FailoverClusters.PowerShell.<cmdlet>Command`."""
    fqid = f"{word},Microsoft.FailoverClusters.PowerShell.{cmdlet}Command"
    return PsError(fqid, category, text, exception_type=_CLUSTER, hresult=code, target=target)


def cluster_stopped(cmdlet: str) -> PsError:
    """The cluster service does not run here."""
    text = "The cluster service is not running. Make sure that the service is running on all nodes in the cluster."
    return cluster("ClusterEndpointNotRegistered", cmdlet, "ConnectionError", text, code=0x800706D9)


def system_error(number: int, cmdlet: str, text: str, *, category: str = "InvalidArgument") -> PsError:
    """A CDXML cmdlet's error (NetNat, NetIP): `Windows System Error N,<cmdlet>`, CimException."""
    return PsError(
        f"Windows System Error {number},{cmdlet}",
        category,
        text,
        exception_type="Microsoft.Management.Infrastructure.CimException",
        hresult=0x80070000 | number,
    )


def query_empty(prop: str, cmdlet: str, value: str) -> PsError:
    """A CDXML cmdlet's query of a property that nothing has."""
    return PsError(
        f"CmdletizationQuery_NotFound_{prop},{cmdlet}",
        "ObjectNotFound",
        f"No objects found with property '{prop}' equal to '{value}'. Verify the value of the property and retry.",
        exception_type="Microsoft.PowerShell.Cmdletization.Cim.CimJobException",
        hresult=errors.COR_E_EXCEPTION,
        target=value,
    )


def session_id(word: str, text: str) -> PsError:
    """Invoke-Command does not find a single VM of this id, or it is not running (docs/sources.md H10)."""
    return PsError(
        f"{word},Microsoft.PowerShell.Commands.InvokeCommandCommand",
        "InvalidArgument",
        text,
        exception_type="System.ArgumentException",
        hresult=errors.E_INVALID_ARGUMENT,
    )
