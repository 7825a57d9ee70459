"""A few of Hyper-V's own cmdlets, for people and for tests of the wire (docs/sources.md H8, H9)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from sandbox.machine import hyperv, winerrors
from sandbox.machine.builds import BUILDS
from sandbox.machine.call import Call
from sandbox.machine.function import Function, Record, Switch
from sandbox.machine.life import OFF, RUNNING, heartbeat
from sandbox.machine.model import Vm

_CLASS = "Microsoft.HyperV.PowerShell.Commands."
_MIB = 1024 * 1024
_GIB = 1024 * _MIB


def _matching(call: Call, name: str, cmdlet: str) -> list[Vm]:
    wanted = name.lower() or "*"
    found = [vm for vm in call.machine.vms.values() if fnmatchcase(vm.name.lower(), wanted)]
    if not found and not set(wanted) & set("*?["):
        call.error(winerrors.vm_missing(cmdlet, name))
    return found


def get_vm(call: Call, *, Name: str = "*") -> list[Record]:
    """The VMs whose name matches; an exact name without a VM is a non-terminating error."""
    hyperv.require(call, "GetVM", "Get-VM")
    with call.realm.lock:
        return [
            {
                "Name": vm.name,
                "Id": vm.id,
                "State": vm.state,
                "Version": vm.version,
                "Generation": vm.generation,
                "ProcessorCount": vm.processor_count,
                "MemoryStartup": vm.memory_startup_mib * _MIB,
                "MemoryAssigned": vm.memory_startup_mib * _MIB if vm.state == RUNNING else 0,
                "DynamicMemoryEnabled": vm.dynamic_memory,
                "Heartbeat": heartbeat(call.realm, call.machine, vm),
                "Notes": vm.notes,
                "Path": vm.path,
            }
            for vm in _matching(call, Name, "GetVM")
        ]


def get_vm_host(call: Call) -> Record:
    """The host's own settings."""
    hyperv.require(call, "GetVMHost", "Get-VMHost")
    with call.realm.lock:
        machine = call.machine
        return {
            "Name": machine.computer_name,
            "LogicalProcessorCount": machine.processors,
            "MemoryCapacity": machine.memory_mib * _MIB,
            "VirtualHardDiskPath": "C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks",
            "VirtualMachinePath": "C:\\ProgramData\\Microsoft\\Windows\\Hyper-V",
            "SupportedVmVersions": list(BUILDS[machine.os_build].versions),
        }


def get_vm_switch(call: Call, *, Name: str = "*") -> list[Record]:
    """The switches whose name matches."""
    hyperv.require(call, "GetVMSwitch", "Get-VMSwitch")
    with call.realm.lock:
        found = [item for item in call.machine.switches.values() if fnmatchcase(item.name.lower(), Name.lower())]
    if not found and not set(Name) & set("*?["):
        call.error(winerrors.switch_missing("GetVMSwitch", Name))
    return [{"Name": item.name, "Id": item.id, "SwitchType": item.kind} for item in found]


def start_vm(call: Call, *, Name: str) -> None:
    """Start-VM; on a running one only a warning."""
    hyperv.require(call, "StartVM", "Start-VM")
    call.sleep(2)
    with call.realm.lock:
        for vm in _matching(call, Name, "StartVM"):
            if call.should("Start-VM", vm.name):
                hyperv.start(call, vm)


def stop_vm(call: Call, *, Name: str, TurnOff: Switch = False, Force: Switch = False) -> None:
    """Stop-VM; on one that is off only a warning."""
    hyperv.require(call, "StopVM", "Stop-VM")
    with call.realm.lock:
        found = [vm for vm in _matching(call, Name, "StopVM") if call.should("Stop-VM", vm.name)]
        running = any(vm.state != OFF for vm in found)
    call.sleep((2 if TurnOff or not Force else 10) if running else 0)
    with call.realm.lock:
        for vm in found:
            hyperv.stop(call, vm, "vm_turned_off" if TurnOff else "vm_shut_down")


def get_processor(call: Call, *, VMName: str) -> list[Record]:
    """The processor settings of VMs."""
    hyperv.require(call, "GetVMProcessor", "Get-VMProcessor")
    with call.realm.lock:
        return [
            {
                "VMName": vm.name,
                "VMId": vm.id,
                "Count": vm.processor_count,
                "ExposeVirtualizationExtensions": vm.exposed,
            }
            for vm in _matching(call, VMName, "GetVMProcessor")
        ]


def set_processor(
    call: Call, *, VMName: str, Count: int = 0, ExposeVirtualizationExtensions: bool | None = None
) -> None:
    """Set-VMProcessor; the extensions need the VM off. It does not ask whether the platform can nest: Start-VM does."""
    hyperv.require(call, "SetVMProcessor", "Set-VMProcessor")
    with call.realm.lock:
        for vm in _matching(call, VMName, "SetVMProcessor"):
            if not call.should("Set-VMProcessor", vm.name):
                continue
            if ExposeVirtualizationExtensions is not None:
                hyperv.set_exposed(call, vm, ExposeVirtualizationExtensions)
            vm.processor_count = Count or vm.processor_count
            call.realm.changed()


def set_memory(call: Call, *, VMName: str, StartupBytes: int = 0, DynamicMemoryEnabled: bool | None = None) -> None:
    """Set-VMMemory on a VM that is off."""
    hyperv.require(call, "SetVMMemory", "Set-VMMemory")
    with call.realm.lock:
        for vm in _matching(call, VMName, "SetVMMemory"):
            dynamic = vm.dynamic_memory if DynamicMemoryEnabled is None else DynamicMemoryEnabled
            if call.should("Set-VMMemory", vm.name):
                hyperv.set_memory(call, vm, StartupBytes // _MIB or vm.memory_startup_mib, dynamic)


TABLE = (
    Function("Get-VM", get_vm, class_name=f"{_CLASS}GetVM"),
    Function("Get-VMHost", get_vm_host, class_name=f"{_CLASS}GetVMHost"),
    Function("Get-VMSwitch", get_vm_switch, class_name=f"{_CLASS}GetVMSwitch"),
    Function("Start-VM", start_vm, changes=True, class_name=f"{_CLASS}StartVM"),
    Function("Stop-VM", stop_vm, changes=True, class_name=f"{_CLASS}StopVM"),
    Function("Get-VMProcessor", get_processor, class_name=f"{_CLASS}GetVMProcessor"),
    Function("Set-VMProcessor", set_processor, changes=True, class_name=f"{_CLASS}SetVMProcessor"),
    Function("Set-VMMemory", set_memory, changes=True, class_name=f"{_CLASS}SetVMMemory"),
)
