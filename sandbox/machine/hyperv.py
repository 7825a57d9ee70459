"""What the Hyper-V platform of a machine does and refuses, at any level. Callers hold the realm's lock.

Sources: docs/sources.md H1 to H5 (nesting by build), H8, H9, H12.
"""

from __future__ import annotations

from sandbox.machine import files, winerrors
from sandbox.machine.builds import AMD_FROM, BUILDS, STATIC_MEMORY_BELOW, Build, version_key
from sandbox.machine.call import Call
from sandbox.machine.cpu import launched
from sandbox.machine.life import (
    BUILTIN,
    HYPERV,
    INSTALLED,
    OFF,
    PENDING,
    RUNNING,
    SAVED,
    label_of,
    power_off,
    power_on,
    resume,
    save,
    system_disk,
)
from sandbox.machine.model import Adapter, Disk, Machine, Vm
from sandbox.machine.realm import Realm

SAVE = "vm_saved"
DEFAULT_ADAPTER = "Network Adapter"
_ALWAYS_ON = 86400.0


def require(call: Call, cmdlet: str, command: str) -> None:
    """Raise what any Hyper-V cmdlet raises without the role, without the service or without rights."""
    state = call.machine.features.get(HYPERV, "Available")
    if state not in {INSTALLED, PENDING}:
        raise winerrors.command_missing(command)
    if state == PENDING:
        raise winerrors.platform_absent(cmdlet, call.machine.computer_name)
    if call.realm.faults.management_away:
        raise winerrors.management_away(cmdlet, call.machine.computer_name)
    if not call.logon.is_admin:
        raise winerrors.access_denied(cmdlet, call.machine.computer_name)


def build_of(machine: Machine) -> Build:
    """The release that the machine runs."""
    return BUILDS[machine.os_build]


def free_mib(machine: Machine) -> int:
    """Memory that is left for another VM, in MiB."""
    running = sum(vm.memory_startup_mib for vm in machine.vms.values() if vm.state == RUNNING)
    return machine.memory_mib - machine.memory_used_mib - running


def can_nest(realm: Realm, machine: Machine, version: str) -> bool:
    """Whether this platform starts a VM of that version with exposed extensions (docs/sources.md H1 to H3)."""
    needed = build_of(machine).nesting_version(machine.vendor)
    if needed is None or not realm.config.offer_nested_virt:
        return False
    if machine.os_build < STATIC_MEMORY_BELOW and realm.config.vbs_running:
        return False
    return not needed or version_key(version) >= version_key(needed)


def why_not_nest(realm: Realm, machine: Machine) -> str:
    """The reason why no VM of any version can nest here; '' when one could."""
    if can_nest(realm, machine, build_of(machine).default_version):
        return ""
    if machine.vendor == "amd" and machine.os_build < AMD_FROM:
        return "AMD processors need build 20348 or later"
    return "the host does not offer nested virtualization"


def require_version(call: Call, version: str, name: str) -> None:
    """Raise what New-VM says to a configuration version that this host cannot run; '' is its newest."""
    if version and version not in build_of(call.machine).versions:
        text = f"The version '{version}' is not supported."
        raise winerrors.hyperv("InvalidParameter", "NewVM", "InvalidArgument", text, target=name)


def new_vm(call: Call, name: str, notes: str, memory_mib: int, version: str = "") -> Vm:
    """New-VM. Names are not unique: a second VM of the same name is made without a word."""
    realm, machine = call.realm, call.machine
    require_version(call, version, name)
    chosen = version or build_of(machine).default_version
    vm = Vm(realm.new_id(), name, notes, version=chosen, memory_startup_mib=memory_mib, created_at=realm.clock.now())
    vm.adapters.append(Adapter(DEFAULT_ADAPTER, "", realm.next_mac()))
    machine.vms[vm.id] = vm
    realm.effect("nested_vm_created" if machine.level else "vm_created", label_of(machine, vm))
    return vm


def set_exposed(call: Call, vm: Vm, exposed: bool) -> None:
    """Set-VMProcessor -ExposeVirtualizationExtensions; refused unless the VM is off."""
    if vm.exposed == exposed:
        return
    if vm.state != OFF:
        raise winerrors.wrong_state("SetVMProcessor", "Processor", vm.name)
    if exposed and call.realm.faults.exposure_reverts:
        return
    vm.exposed = exposed
    call.realm.effect("nesting_enabled" if exposed else "nesting_disabled", label_of(call.machine, vm))


def set_memory(call: Call, vm: Vm, startup_mib: int, dynamic: bool) -> None:
    """Set-VMMemory; refused unless the VM is off."""
    if vm.state != OFF:
        raise winerrors.wrong_state("SetVMMemory", "Memory", vm.name)
    vm.memory_startup_mib, vm.dynamic_memory = startup_mib, dynamic
    call.realm.changed()


def start(call: Call, vm: Vm) -> bool:
    """Start-VM. False, with a warning, when it runs already; raises what Windows raises otherwise."""
    machine = call.machine
    if vm.state == RUNNING:
        call.streams.warning("The virtual machine is already in the specified state.")
        return False
    _refuse_start(call, vm)
    disk = system_disk(machine, vm)
    if disk is not None and disk.system is None:
        disk.system = _install(call.realm, machine, vm, disk)
    (resume if vm.state == SAVED else power_on)(call.realm, machine, vm)
    call.realm.effect("vm_started", label_of(machine, vm))
    return True


def _refuse_start(call: Call, vm: Vm) -> None:
    machine = call.machine
    if not launched(machine):
        raise winerrors.component_not_running(vm.name)
    if vm.exposed and not can_nest(call.realm, machine, vm.version):
        raise winerrors.cannot_nest(vm.name)
    if vm.exposed and vm.dynamic_memory and machine.os_build < STATIC_MEMORY_BELOW:
        text = f"'{vm.name}' failed to start: dynamic memory cannot be used with nested virtualization."
        raise winerrors.hyperv("Unspecified", "StartVM", "NotSpecified", text, target=vm.name)
    for path in vm.disks:
        _refuse_disk(call, vm, path)
    if vm.memory_startup_mib > free_mib(machine):
        raise winerrors.out_of_memory(vm.name, vm.memory_startup_mib)
    if files.free_gib(machine) <= 0:
        text = f"'{vm.name}' failed to start: there is not enough space on the disk. (0x80070070)"
        raise winerrors.hyperv("Unspecified", "StartVM", "NotSpecified", text, code=0x80070070, target=vm.name)


def _refuse_disk(call: Call, vm: Vm, path: str) -> None:
    missing = files.missing_file(call.machine, path)
    if missing:
        text = f"'{vm.name}' failed to start. The system cannot find the file '{missing}'. (0x80070002)"
        raise winerrors.hyperv("ObjectNotFound", "StartVM", "ObjectNotFound", text, target=vm.name)
    disk = files.disk_at(call.machine, path)
    if disk is not None and (disk.attached or _runs_elsewhere(call.machine, vm, disk)):
        raise winerrors.disk_in_use(vm.name)


def _runs_elsewhere(machine: Machine, vm: Vm, disk: Disk) -> bool:
    others = [other for other in machine.vms.values() if other.state == RUNNING and other.id != vm.id]
    return any(path.lower() == disk.path.lower() for other in others for path in other.disks)


def stop(call: Call, vm: Vm, how: str) -> bool:
    """Stop-VM, its last moment: the power goes. False, with a warning, when it is off; a saved VM is refused."""
    if vm.state == OFF:
        call.streams.warning("The virtual machine is already in the specified state.")
        return False
    if vm.state == SAVED:
        raise winerrors.not_now("StopVM", vm.name)
    (save if how == SAVE else power_off)(call.realm, call.machine, vm)
    call.realm.effect(how, label_of(call.machine, vm))
    return True


def remove_vm(call: Call, vm: Vm) -> None:
    """Remove-VM: the configuration goes, the files stay."""
    if vm.state not in {OFF, "Saved"}:
        raise winerrors.not_now("RemoveVM", vm.name)
    del call.machine.vms[vm.id]
    call.realm.effect("nested_vm_removed" if call.machine.level else "vm_removed", label_of(call.machine, vm))


def _install(realm: Realm, host: Machine, vm: Vm, disk: Disk) -> Machine:
    image = files.image_of(realm, disk.image)
    uid = f"m{realm.next_number()}"
    build = image.os_build or host.os_build
    guest = Machine(uid, label_of(host, vm), f"WIN-{uid.upper()}", build, image.edition, image.installation_type)
    guest.disk_gib, guest.disk_used_gib = disk.size_gib, image.used_gib
    guest.disks = files.nested_disks(realm, image)
    guest.setup_complete, guest.seeded = False, disk.seed is not None
    guest.preinstalled = realm.config.preinstalled
    guest.accounts = {name.lower(): realm.password_hash(password) for name, password in image.accounts}
    if image.password:
        guest.accounts[BUILTIN] = realm.password_hash(image.password)
    if disk.seed is not None:
        guest.computer_name, guest.time_zone = disk.seed.computer_name, disk.seed.time_zone
        guest.accounts[BUILTIN] = disk.seed.password
    realm.machines[uid] = guest
    return guest


def new_host(realm: Realm, name: str) -> Machine:
    """A physical machine that has been on for a day."""
    config = realm.config
    host = Machine(name, name, name, config.os_build, config.edition, "Server")
    host.vendor, host.processors = config.cpu_vendor, config.processors
    host.memory_mib, host.memory_used_mib = config.memory_gib * 1024, int(config.memory_used_gib * 1024)
    host.disk_gib, host.disk_used_gib = config.disk_gib, config.disk_used_gib
    host.powered, host.boots, host.boot_id = True, 1, realm.new_id()
    host.booted_at = realm.clock.now() - _ALWAYS_ON
    host.token_filter_policy, host.preinstalled = config.token_filter_policy, config.preinstalled
    for image in config.images:
        host.disks[image.path.lower()] = files.image_disk(image)
    realm.machines[name] = host
    return host
