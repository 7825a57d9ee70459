"""Errors of Windows' own cmdlets: ids and categories of docs/sources.md H10, H12, H14. Uncertain ones say so."""

from __future__ import annotations

from sandbox.machine import errors
from sandbox.machine.errors import PsError

_VIRTUALIZATION = "Microsoft.HyperV.PowerShell.VirtualizationException"
_VHD = "Microsoft.Vhd.PowerShell.Cmdlets.NewVhd"
_CLUSTER = "Microsoft.FailoverClusters.PowerShell.ClusterCmdletException"
_REMOTING = "System.Management.Automation.Remoting.PSRemotingTransportException"


def hyperv(word: str, cmdlet: str, category: str, text: str, *, code: int = errors.E_FAIL, target: str = "") -> PsError:
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
    """No rights. The id is uncertain (not in the catalogue): by analogy with the file case."""
    text = (
        "You do not have the required permission to complete this task. "
        f"Contact the administrator of the authorization policy for the computer '{host}'."
    )
    return hyperv("AccessDenied", cmdlet, "PermissionDenied", text, code=errors.E_ACCESS_DENIED)


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
    return hyperv("OutOfMemory", "StartVM", "FromStdErr", text, code=errors.E_OUT_OF_MEMORY, target=name)


def cannot_nest(name: str) -> PsError:
    """Start-VM of an exposed VM on AMD before 2022. Id uncertain, HRESULT 0x80004005 observed."""
    text = f"'{name}' could not be started because this platform does not support nested virtualization."
    return hyperv("Unspecified", "StartVM", "NotSpecified", text, target=name)


def component_not_running(name: str) -> PsError:
    """Start-VM where no hypervisor runs at this level. Id uncertain, HRESULT 0x80004005 observed."""
    text = f"Failed to start the virtual machine '{name}' because one of the Hyper-V components is not running."
    return hyperv("Unspecified", "StartVM", "NotSpecified", text, target=name)


def disk_in_use(name: str, cmdlet: str = "StartVM") -> PsError:
    """A disk of the VM is attached elsewhere. Id uncertain, HRESULT 0x800700AA observed."""
    text = "Failed to Power on with Error 'The requested resource is in use.' (0x800700AA)."
    return hyperv("Unspecified", cmdlet, "NotSpecified", text, code=errors.E_IN_USE, target=name)


def wrong_state(cmdlet: str, device: str, name: str) -> PsError:
    """A setting that needs the VM off (extensions: uncertain, by analogy with Set-VMMemory)."""
    text = f"Failed to modify device '{device}'. '{name}' failed to modify device '{device}': it is not off."
    return hyperv("InvalidState", cmdlet, "InvalidOperation", text, target=name)


def vhd(word: str, category: str, text: str, *, code: int, path: str) -> PsError:
    """An error of New-VHD."""
    message = f"Failed to create the virtual hard disk. {text}"
    return PsError(f"{word},{_VHD}", category, message, exception_type=_VIRTUALIZATION, hresult=code, target=path)


def command_missing(name: str) -> PsError:
    """There is no such command: its module or role is not installed."""
    return PsError(
        "CommandNotFoundException",
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


def session_id(word: str, text: str, target: str) -> PsError:
    """New-PSSession does not find a single VM of this id, or it is not running."""
    fqid = f"{word},Microsoft.PowerShell.Commands.NewPSSessionCommand"
    return PsError(fqid, "InvalidArgument", text, exception_type=_REMOTING, target=target)
