"""Reports and probes: functions that only read, on any level."""

from __future__ import annotations

from typing import Annotated, Any

from sandbox.machine import builds, cpu, files, hyperv
from sandbox.machine.call import Call
from sandbox.machine.clock import iso
from sandbox.machine.function import Function, Range, Record
from sandbox.machine.life import HYPERV, HYPERV_TOOLS, INSTALLED, LAUNCH_EVENT, PENDING, RUNNING, owner_of
from sandbox.machine.model import Machine

_VOLUME = "C:\\"
_DISK_FOLDER = "C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks"
_REASONS = {
    5: "launch disabled in BCD",
    32: "platform unsupported",
    41: "VMX missing",
    42: "SVM missing",
    44: "NX missing",
    59: "SLAT missing",
}
_GRAVE = ("Critical", "Error", "Warning")
_EVENTS_SHOWN = 200


def get_report(call: Call) -> Record:
    """What this machine is and what it could build."""
    call.sleep(3)
    machine, realm, is_admin = call.machine, call.realm, call.logon.is_admin
    with realm.lock:
        return {
            **_identity(call),
            "CpuVendor": cpu.vendor_name(machine),
            "CpuName": cpu.cpu_name(machine),
            "SocketCount": machine.sockets,
            "LogicalProcessorCount": machine.processors,
            "MemoryTotalMib": machine.memory_mib,
            "MemoryFreeMib": hyperv.free_mib(machine),
            "HyperVInstalled": _has_role(call),
            "HypervisorPresent": cpu.is_guest(machine) or cpu.launched(machine),
            "VbsRunning": realm.config.vbs_running if machine.level == 0 else False,
            # Only administrators of the host can read its boot configuration.
            "NestedVirtOffered": realm.config.offer_nested_virt or machine.level > 0 or not is_admin,
            "IsVirtualMachine": cpu.is_guest(machine),
            "IsAdministrator": is_admin,
            "IsHyperVAdministrator": is_admin,
            **_management(call),
            "MaxShellsPerUser": realm.config.max_shells_per_user if is_admin else None,
            "MaxMemoryPerShellMB": realm.config.max_memory_per_shell_mb if is_admin else None,
        }


def _answers(call: Call) -> bool:
    """Whether Hyper-V's management answers this caller: its service is there and well, and he may ask it."""
    faults = call.realm.faults
    return _has_role(call) and call.logon.is_admin and not (faults.management_away or faults.vmms_stopped)


def _has_role(call: Call) -> bool:
    is_missing = call.realm.faults.role_missing and call.machine.level == 0
    return call.machine.features.get(HYPERV) == INSTALLED and not is_missing


def _management(call: Call) -> Record:
    """What only Hyper-V can tell; nothing, with a warning, where its tools get no answer."""
    machine = call.machine
    has_tools = machine.features.get(HYPERV_TOOLS) == INSTALLED
    tells = has_tools and _answers(call)
    if has_tools and not tells:
        call.streams.warning("Hyper-V does not answer on this machine.")
    build = builds.BUILDS[machine.os_build]
    return {
        "DefaultVMVersion": build.default_version if tells else None,
        "SupportedVMVersions": list(build.versions) if tells else [],
        "VirtualHardDiskPath": _DISK_FOLDER if tells else None,
        "Volumes": [_volume(machine)],
        "Switches": _switches(machine) if tells else [],
        "VMs": _vms(machine) if tells else [],
    }


def _identity(call: Call) -> Record:
    machine = call.machine
    return {
        "ComputerName": machine.computer_name,
        "OsCaption": builds.caption(machine.os_build, machine.edition),
        "OsBuild": machine.os_build,
        "InstallationType": machine.installation_type,
    }


def _volume(machine: Machine) -> Record:
    free = round(files.free_gib(machine), 2)
    return {"Path": _VOLUME, "FileSystem": "NTFS", "FreeGib": int(free), "SizeGib": machine.disk_gib}


def _switches(machine: Machine) -> list[Record]:
    return [
        {"Name": item.name, "Id": item.id, "SwitchType": item.kind, "Owner": item.owner or None}
        for item in machine.switches.values()
    ]


def _vms(machine: Machine) -> list[Record]:
    return [
        {
            "Name": vm.name,
            "VMId": vm.id,
            "State": vm.state,
            "MemoryAssignedMib": vm.memory_startup_mib if vm.state == RUNNING else 0,
            "Version": vm.version,
            "Owner": owner_of(vm.notes) or None,
        }
        for vm in machine.vms.values()
    ]


def get_probe(call: Call) -> Record:
    """What this machine's CPU shows of virtualization."""
    call.sleep(1)
    with call.realm.lock:
        return cpu.probe(call.realm, call.machine)


def pending_reasons(machine: Machine) -> list[str]:
    """Why the machine wants a restart, in the module's words."""
    reasons = ["servicing"] if PENDING in machine.features.values() else []
    return reasons + (["domain_join"] if machine.pending_domain else [])


def get_boot(call: Call) -> Record:
    """Which boot this is, and whether another one is wanted."""
    call.sleep(0.3)
    with call.realm.lock:
        machine = call.machine
        reasons = pending_reasons(machine)
        return {
            "BootId": machine.boot_id,
            "BootedAt": iso(machine.booted_at),
            "UptimeSeconds": int(call.realm.clock.now() - machine.booted_at),
            "PendingReboot": bool(reasons),
            "PendingReasons": reasons,
        }


def get_proof(call: Call) -> Record:
    """Whether a hypervisor was launched here since this boot: event 1 is the proof."""
    call.sleep(1)
    with call.realm.lock:
        machine = call.machine
        role = _has_role(call) and not call.realm.faults.vmms_stopped
        failure = machine.failure_event
        return {
            "HypervisorLaunched": cpu.launched(machine),
            "LaunchEventId": LAUNCH_EVENT if cpu.launched(machine) else None,
            "LaunchedAt": iso(machine.launched_at),
            "FailureEventId": failure,
            "FailureReason": _REASONS.get(failure) if failure is not None else None,
            # vmms runs with the role even where no hypervisor does: it is no proof.
            "VmmsRunning": role,
            "VMHostAnswers": machine.features.get(HYPERV_TOOLS) == INSTALLED and _answers(call),
            "PendingReboot": bool(pending_reasons(machine)),
            "BootId": machine.boot_id,
        }


def get_evidence(call: Call, *, SinceMinutes: Annotated[int, Range(1, 10080)] = 60) -> Record:
    """What went wrong since a while, newest first."""
    call.sleep(2)
    since = call.realm.clock.now() - SinceMinutes * 60
    with call.realm.lock:
        known: list[dict[str, Any]] = [dict(item) for item in call.machine.events if item["TimeCreated"] >= since]
    grave = sorted((item for item in known if item["Level"] in _GRAVE), key=lambda item: -item["TimeCreated"])
    shown = [{**item, "TimeCreated": iso(item["TimeCreated"])} for item in grave[:_EVENTS_SHOWN]]
    return {"ComputerName": call.machine.computer_name, "Events": shown, "Truncated": len(grave) > _EVENTS_SHOWN}


TABLE = (
    Function("Get-NestedHostReport", get_report),
    Function("Get-NestedCpuProbe", get_probe),
    Function("Get-NestedBootIdentity", get_boot),
    Function("Get-NestedHypervisorProof", get_proof),
    Function("Get-NestedEvidence", get_evidence),
)
