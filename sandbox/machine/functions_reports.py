"""Reports and probes: functions that only read, on any level."""

from __future__ import annotations

from typing import Any

from sandbox.machine import builds, cpu, files, hyperv
from sandbox.machine.call import Call
from sandbox.machine.clock import iso
from sandbox.machine.function import Function, Record
from sandbox.machine.life import HYPERV, INSTALLED, LAUNCH_EVENT, PENDING, RUNNING, owner_of
from sandbox.machine.model import Machine

_VOLUME = "C:\\"
_DISK_FOLDER = "C:\\Hyper-V\\Virtual Hard Disks"
_REASONS = {41: "VMX missing", 42: "SVM missing", 44: "NX missing", 59: "SLAT missing", 32: "platform unsupported"}


def get_report(call: Call) -> Record:
    """What this machine is and what it could build."""
    call.sleep(3)
    machine, realm = call.machine, call.realm
    with realm.lock:
        role = machine.features.get(HYPERV) == INSTALLED
        return {
            **_identity(call),
            "CpuVendor": cpu.vendor_name(machine),
            "CpuName": cpu.cpu_name(machine),
            "SocketCount": 1,
            "LogicalProcessorCount": machine.processors,
            "MemoryTotalMib": machine.memory_mib,
            "MemoryFreeMib": hyperv.free_mib(machine),
            "HyperVInstalled": role,
            "HypervisorPresent": cpu.is_guest(machine) or cpu.launched(machine),
            "VbsRunning": realm.config.vbs_running if machine.level == 0 else False,
            "NestedVirtOffered": realm.config.offer_nested_virt,
            "IsVirtualMachine": cpu.is_guest(machine),
            "IsAdministrator": call.logon.is_admin,
            "IsHyperVAdministrator": call.logon.is_admin,
            "DefaultVMVersion": builds.BUILDS[machine.os_build].default_version if role else None,
            "SupportedVMVersions": list(builds.BUILDS[machine.os_build].versions) if role else [],
            "VirtualHardDiskPath": _DISK_FOLDER if role else None,
            "Volumes": [_volume(machine)],
            "Switches": _switches(machine) if role and call.logon.is_admin else [],
            "VMs": _vms(machine) if role and call.logon.is_admin else [],
            "MaxShellsPerUser": realm.config.max_shells_per_user,
            "MaxMemoryPerShellMB": realm.config.max_memory_per_shell_mb,
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
    """Why the machine wants a restart."""
    reasons = ["Component Based Servicing"] if PENDING in machine.features.values() else []
    return reasons + (["Join Domain"] if machine.pending_domain else [])


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
        role = machine.features.get(HYPERV) == INSTALLED
        failure = machine.failure_event
        return {
            "HypervisorLaunched": cpu.launched(machine),
            "LaunchEventId": LAUNCH_EVENT if cpu.launched(machine) else None,
            "LaunchedAt": iso(machine.launched_at),
            "FailureEventId": failure,
            "FailureReason": _REASONS.get(failure) if failure is not None else None,
            # vmms runs with the role even where no hypervisor does: it is no proof.
            "VmmsRunning": role,
            "VMHostAnswers": role,
            "PendingReboot": bool(pending_reasons(machine)),
            "BootId": machine.boot_id,
        }


def get_evidence(call: Call, *, SinceMinutes: int = 60) -> Record:
    """The event log since a while."""
    call.sleep(2)
    since = call.realm.clock.now() - SinceMinutes * 60
    with call.realm.lock:
        found: list[dict[str, Any]] = [dict(item) for item in call.machine.events if item["TimeCreated"] >= since]
    for item in found:
        item["TimeCreated"] = iso(item["TimeCreated"])
    return {"ComputerName": call.machine.computer_name, "Events": found, "Truncated": False}


TABLE = (
    Function("Get-NestedHostReport", get_report),
    Function("Get-NestedCpuProbe", get_probe),
    Function("Get-NestedBootIdentity", get_boot),
    Function("Get-NestedHypervisorProof", get_proof),
    Function("Get-NestedEvidence", get_evidence),
)
