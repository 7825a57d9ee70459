"""Which reason code an error of the host or of a guest has, whether trying again can help, and the way out.

The only place that knows error ids. Keys are the part of FullyQualifiedErrorId before its first comma; ids that many
cmdlets share are narrowed by the cmdlet's class name. Message texts are never read: Windows localizes them.
Sources: docs/functions.md for `Matryoshka.*`; docs/sources.md H10, H12 and H14 for the ids of Windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from workers.errors import RemoteError


@dataclass(frozen=True)
class Reason:
    """A stable code, whether the step may be tried again, and what a person should do."""

    code: str
    remedy: str
    retryable: bool = False


class KnownFailure(RemoteError):
    """A function failed for a reason that the table knows. Keeps the error's facts; `code` is the reason's code."""

    def __init__(self, error: RemoteError, reason: Reason) -> None:
        super().__init__(
            error.message,
            error_id=error.error_id,
            category=error.category,
            hresult=error.hresult,
            target=error.target,
            type_name=error.type_name,
        )
        vars(self)["code"] = reason.code  # a constant of the class elsewhere; here it is the table's
        self.remedy = reason.remedy
        self.retryable = reason.retryable


GUEST_NOT_READY = "GUEST_NOT_READY"
"""The code of a guest that is not there yet, or not at the moment."""

GUEST_CREDENTIAL_REJECTED = "GUEST_CREDENTIAL_REJECTED"
"""The code of a guest that does not know the name or the password."""

_RAM = Reason("CAPACITY_RAM", "Free memory on the host or ask for less memory a node.", retryable=True)
_DISK = Reason("CAPACITY_DISK", "Free disk space under the host's storage path.")
_ACCESS = Reason("ACCESS_DENIED", "Give the account Hyper-V Administrators (and Administrators for NAT) on the host.")
_HOST_CPU = Reason(
    "HOST_CPU_UNSUPPORTED", "Use an Intel host of build 14393 or later, or an AMD host of build 20348 or later."
)
_NAME = Reason("NAME_TAKEN", "Something of this name belongs to somebody else: choose another name.")
_IMAGE = Reason("IMAGE_NOT_FOUND", "Put the image where the image record says, or correct the record.")
_VM_MISSING = Reason("VM_MISSING", "The VM is not on the host any more: tear the lab down, or give another VM.")
_VM_STATE = Reason("VM_NOT_OFF", "Shut the VM down first, or send stop_if_running.")
_GUEST_CREDENTIAL = Reason(GUEST_CREDENTIAL_REJECTED, "Give the password that the guest really has, then retry.")
_AWAY = Reason(GUEST_NOT_READY, "Look at the VM's console: its guest does not answer.", retryable=True)
_NODE_DOWN = Reason("NODE_DOWN", "Check that the node runs and that the nodes reach each other.", retryable=True)
_ROLE = Reason("ROLE_REFUSED", "Check that the VM has virtualization extensions exposed, then retry.")
_MODULE = Reason("MODULE_OUTDATED", "Install the Matryoshka module of this release on the host (deploy/windows).")
_CLUSTER = Reason(
    "CLUSTER_CREATE_FAILED", "Read the validation report and the cluster log on the first node.", retryable=True
)
_DOMAIN = Reason("DOMAIN_JOIN_FAILED", "Check DNS servers, the join credential and its rights in the OU.")

_OURS: Mapping[str, Reason] = {
    "FunctionNotAllowed": _MODULE,
    "CallStillRunning": Reason("CALL_STILL_RUNNING", "None needed: the step asks again.", retryable=True),
    "JournalUnavailable": Reason("JOURNAL_UNAVAILABLE", "Check disk space and rights below %ProgramData%\\Matryoshka."),
    "GuestCredentialRejected": _GUEST_CREDENTIAL,
    "GuestNotReady": _AWAY,
    "GuestModuleRefused": Reason("GUEST_MODULE_REFUSED", "The guest runs another module: seed its disk again."),
    "NameTaken": _NAME,
    "AddressInUse": Reason("ADDRESS_IN_USE", "Choose an address that nobody answers on."),
    "NotOwned": Reason("NOT_OWNED", "It belongs to somebody else and is left alone."),
    "NatConflict": Reason("NAT_CONFLICT", "Another NAT of the host has this prefix: choose another or remove it."),
    "ImageNotFound": _IMAGE,
    "ImageHashMismatch": Reason("IMAGE_HASH_MISMATCH", "Copy the image again, or correct sha256 in the image record."),
    "DiskForeign": _NAME,
    "ParentNotFound": _IMAGE,
    "DiskAttached": Reason("DISK_IN_USE", "Dismount the disk on the host.", retryable=True),
    "NoWindows": Reason("IMAGE_HAS_NO_WINDOWS", "Give an image that holds an installed, generalized Windows."),
    "DiskNotFound": Reason("DISK_MISSING", "Retry the job from the step that creates the disk."),
    "SwitchNotFound": Reason("SWITCH_MISSING", "Create the switch on the host, or ask for an internal one."),
    "VmNotFound": _VM_MISSING,
    "VmNotOff": _VM_STATE,
    "VmSaved": Reason("VM_SAVED", "Remove the VM's saved state, then retry."),
    "MemoryTooSmall": Reason("MEMORY_TOO_SMALL", "Give 4096 MiB or more, or send allow_small_memory."),
    "VmVersionTooLow": Reason("VM_VERSION_TOO_LOW", "Run Update-VMVersion: 8.0 on Intel, 9.3 on AMD at least."),
    "HostCannotNest": _HOST_CPU,
    "NotConverged": Reason("NOT_CONVERGED", "Look at what else changes this VM.", retryable=True),
    "AdapterNotFound": Reason("ADAPTER_MISSING", "The guest has no adapter of this address yet.", retryable=True),
    "NodeAlreadyClustered": Reason("NODE_ALREADY_CLUSTERED", "Evict the node from its cluster, or use a fresh one."),
    "NotClustered": Reason("CLUSTER_MISSING", "Retry the job from the step that creates the cluster."),
    "NodeUnknown": Reason("CLUSTER_NODE_MISSING", "The cluster has no such node: verify the lab."),
    "DrainFailed": Reason("DRAIN_FAILED", "Move or stop what runs on the node, then retry: the node was resumed."),
    "ClusterForeign": Reason("CLUSTER_FOREIGN", "The node is in a cluster of another name, which is left alone."),
}

_WINDOWS: Mapping[str, Reason] = {
    "OutOfMemory": _RAM,
    "AccessDenied": _ACCESS,
    "UnauthorizedAccess": _ACCESS,
    "InvalidState": _VM_STATE,
    "HyperVModuleNotAvailable": Reason("HYPERV_MISSING", "Install the Hyper-V role with its management tools."),
    "CommandNotFoundException": _MODULE,
    "NamedParameterNotFound": _MODULE,
    "InvalidVMIdNotSingle": _VM_MISSING,
    "InvalidVMState": _AWAY,
    "PSSessionStateBroken": _AWAY,
    "PSSessionOpenFailed": _AWAY,
    "Alteration_PrerequisiteCheck_Failed": _ROLE,
    "ClusterNodeNotReachable": _NODE_DOWN,
    "ClusterRpcConnection": _NODE_DOWN,
    "ClusterEndpointNotRegistered": Reason("CLUSTER_SERVICE_DOWN", "Start ClusSvc on the nodes.", retryable=True),
    "New-Cluster": _CLUSTER,
    "Add-ClusterNode": _CLUSTER,
    "Suspend-ClusterNode": Reason("DRAIN_REFUSED", "Read the cluster log, then retry: the node was resumed."),
    "Remove-ClusterNode": Reason("EVICT_REFUSED", "Read the cluster log on the first node, then retry."),
    "Stop-Cluster": Reason("CLUSTER_STOP_FAILED", "Read the cluster log on the first node, then retry."),
    "Start-Cluster": Reason("CLUSTER_START_FAILED", "Read the cluster log on the first node.", retryable=True),
    "InvalidHandle": _CLUSTER,  # what a failed creation leaves for the next try (docs/sources.md H14)
    "Test-Cluster": _NODE_DOWN,
    "Set-ClusterQuorum": Reason("WITNESS_REFUSED", "Check the share or the key, and the clocks.", retryable=True),
    "FailToJoinDomainFromWorkgroup": _DOMAIN,
    "InvalidPassword": Reason("PASSWORD_REFUSED", "The password policy refuses it: give a longer, more mixed one."),
    "UserNotFound": Reason("ACCOUNT_MISSING", "The node has no local account of guest.username."),
    "FailToJoinNewDomainAfterUnjoinOldDomain": _DOMAIN,
}

# The same id means something else for one cmdlet: (id, end of the class name).
_NARROW: Mapping[tuple[str, str], Reason] = {
    ("NotSupported", "SetVMProcessor"): _HOST_CPU,
    ("InvalidParameter", "GetVM"): _VM_MISSING,
    # An absent VM is found out by listing; this is what is said when vmms does not answer (docs/sources.md H12).
    ("ObjectNotFound", "GetVM"): Reason("HYPERV_AWAY", "Start the service vmms on the host.", retryable=True),
    ("InvalidParameter", "GetVMSwitch"): Reason("SWITCH_MISSING", "Create the switch on the host."),
    ("InvalidParameter", "NewVhd"): _IMAGE,
}

# Which cmdlet says an id of one cmdlet only, and how people write the classes above.
_CMDLETS: Mapping[str, str] = {
    "OutOfMemory": "Start-VM",
    "Alteration_PrerequisiteCheck_Failed": "Install-WindowsFeature",
    "FailToJoinDomainFromWorkgroup": "Add-Computer",
    "FailToJoinNewDomainAfterUnjoinOldDomain": "Add-Computer",
    "InvalidPassword": "Set-LocalUser",
    "UserNotFound": "Set-LocalUser",
    "SetVMProcessor": "Set-VMProcessor",
    "GetVM": "Get-VM",
    "GetVMSwitch": "Get-VMSwitch",
    "NewVhd": "New-VHD",
}

# Win32 errors as HRESULT (0x8007xxxx), and two of WinNT logon. winerror.h.
_HRESULTS: Mapping[int, Reason] = {
    0x8007000E: _RAM,
    0x800705AA: _RAM,
    0x80070070: _DISK,
    0x80070027: _DISK,
    0x80070005: _ACCESS,
    0x800700AA: Reason("DISK_IN_USE", "Another process holds the disk.", retryable=True),
    0x8007052E: _GUEST_CREDENTIAL,
    0x8007054B: _DOMAIN,
}

NOT_LAUNCHED: Mapping[int, str] = {
    41: "VMX is missing: the VM's processor does not expose virtualization extensions",
    42: "SVM is missing: the VM's processor does not expose virtualization extensions",
    44: "NX is missing: data execution prevention is off",
    59: "SLAT is missing: the VM's processor has no EPT or NPT",
    32: "the hypervisor does not support this platform",
    5: "launch is disabled in the boot configuration (hypervisorlaunchtype)",
}
"""What a failure event of Microsoft-Windows-Hyper-V-Hypervisor means; docs/sources.md H7."""


@dataclass(frozen=True)
class Known:
    """One line of the table: an error id, the cmdlet that says it ('' for an id of ours or of many), and its reason."""

    id: str
    cmdlet: str
    reason: Reason


def known_reasons() -> Iterator[Known]:
    """Yield every line of the table, ours first: the documentation is made from it."""
    yield from (Known(name, "", reason) for name, reason in _OURS.items())
    for name, reason in _WINDOWS.items():
        yield Known(name, name if "-" in name else _CMDLETS.get(name, ""), reason)
    yield from (Known(name, _CMDLETS[cmdlet], reason) for (name, cmdlet), reason in _NARROW.items())
    yield from (Known(f"0x{number:08X}", "", reason) for number, reason in _HRESULTS.items())


def reason_of(error: RemoteError) -> Reason | None:
    """Return the reason of an error; None when neither its id nor its HRESULT is known."""
    word, _, origin = error.error_id.partition(",")
    if error.type_name.endswith("PSDirectException"):  # docs/sources.md H10: only a rejected credential has this type
        return _GUEST_CREDENTIAL
    known_number = _HRESULTS.get(error.hresult & 0xFFFFFFFF)
    if word.startswith("Matryoshka."):
        return _OURS.get(word.removeprefix("Matryoshka."), known_number)
    narrow = _NARROW.get((word, origin.rsplit(".", 1)[-1].removesuffix("Command")))
    # Generic ids (Unspecified, OperationFailed) are explained by their number only.
    return narrow or known_number or _WINDOWS.get(word)


def is_rejected(error: RemoteError) -> bool:
    """Return whether a guest refused the name or the password."""
    reason = reason_of(error)
    return reason is not None and reason.code == GUEST_CREDENTIAL_REJECTED


def explain(error: RemoteError) -> RemoteError:
    """Return the error with its reason's code, remedy and retryability; `error` itself when no reason is known."""
    if isinstance(error, KnownFailure):
        return error
    reason = reason_of(error)
    return KnownFailure(error, reason) if reason else error


@contextmanager
def explained() -> Iterator[None]:
    """Turn every RemoteError inside into its explained form. The cause stays attached."""
    try:
        yield
    except RemoteError as error:
        better = explain(error)
        if better is error:
            raise
        raise better from error
