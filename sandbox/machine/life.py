"""How machines live: power on, boot stages, restarts, power off. Times follow docs/sources.md H11 and H22.

Life goes on by itself: `settle` brings a machine up to the present, so nothing has to run in the background.
Callers hold the realm's lock.
"""

from __future__ import annotations

import json

from sandbox.machine.model import Disk, Interface, Machine, Vm
from sandbox.machine.realm import Realm

INSTALLED = "Installed"
PENDING = "InstallPending"
HYPERV = "Hyper-V"
HYPERV_TOOLS = "Hyper-V-PowerShell"
RUNNING = "Running"
OFF = "Off"
SAVED = "Saved"
BUILTIN = "administrator"

_SHUTDOWN_SECONDS = 10.0
_LAUNCH_SECONDS = 5.0
_EVENTS_KEPT = 60
_SYSTEM_MIB = 1024
_GROWTH_GIB = 2.5
LAUNCH_EVENT = 1
NO_VMX_EVENT = 41
NO_SVM_EVENT = 42


def owner_of(notes: str) -> str:
    """The lab id in a VM's or switch's Notes; '' when there is none."""
    try:
        return str(json.loads(notes)["matryoshka"]["owner"])
    except (ValueError, KeyError, TypeError):
        return ""


def label_of(host: Machine, vm: Vm) -> str:
    """The name of a guest in counts and in the world's JSON: host/name@owner."""
    owner = owner_of(vm.notes)
    return f"{host.label}/{vm.name}" + (f"@{owner}" if owner else "")


def system_disk(host: Machine, vm: Vm) -> Disk | None:
    """The first disk of a VM that holds an operating system; None: the VM runs empty."""
    disks = (host.disks.get(path.lower()) for path in vm.disks)
    return next((disk for disk in disks if disk is not None and disk.image), None)


def guest_of(host: Machine, vm: Vm) -> Machine | None:
    """The machine in a VM that is powered on; None when it is off or runs empty."""
    disk = system_disk(host, vm)
    return disk.system if disk is not None and disk.system is not None and disk.system.powered else None


def settle(realm: Realm, machine: Machine) -> None:
    """Let everything happen to a machine that is due by now: its host's restarts, its own, the end of its setup."""
    host = realm.host_of(machine)
    if host is not None:
        settle(realm, host)
    while machine.powered and machine.restart_at is not None and realm.clock.now() >= machine.restart_at:
        cause, at = machine.restart_cause, machine.restart_at
        realm.effect(f"guest_{cause}" if machine.host_uid else f"host_{cause}", machine.label)
        boot(realm, machine, at + _SHUTDOWN_SECONDS)
    if not machine.setup_complete and _answers(realm, machine, realm.config.boot.setup):
        _finish_setup(realm, machine)


def elapsed(realm: Realm, machine: Machine) -> float:
    """Nominal seconds since this boot began; negative while it still shuts down."""
    return realm.clock.now() - machine.booted_at


def _answers(realm: Realm, machine: Machine, after: float) -> bool:
    if machine.host_uid and realm.faults.boot_fails:
        return False
    return machine.powered and elapsed(realm, machine) >= realm.sleep_seconds(after)


def _finish_setup(realm: Realm, machine: Machine) -> None:
    machine.setup_complete = True
    machine.disk_used_gib += _GROWTH_GIB
    host = realm.host_of(machine)
    for disk in host.disks.values() if host is not None else ():
        if disk.system is machine:
            disk.used_gib += _GROWTH_GIB
    realm.effect("guest_set_up", machine.label)


def stage(realm: Realm, machine: Machine) -> str:
    """no_session, session or setup_complete, as Wait-NestedGuest names them."""
    settle(realm, machine)
    times = realm.config.boot
    if not _answers(realm, machine, times.session if machine.setup_complete else times.first_session):
        return "no_session"
    return "setup_complete" if machine.setup_complete else "session"


def is_up(realm: Realm, machine: Machine) -> bool:
    """Whether the machine answers over the network: a host after its boot, a guest after its setup."""
    if not machine.host_uid:
        settle(realm, machine)
        return _answers(realm, machine, realm.config.boot.host)
    return stage(realm, machine) == "setup_complete"


def heartbeat(realm: Realm, host: Machine, vm: Vm) -> str | None:
    """The heartbeat service's word for a VM; None when it is off."""
    if vm.state != RUNNING:
        return None
    guest = guest_of(host, vm)
    if guest is None:
        return "NoContact"
    settle(realm, guest)
    times = realm.config.boot
    ready = _answers(realm, guest, times.heartbeat if guest.setup_complete else times.first_heartbeat)
    return "OkApplicationsUnknown" if ready else "NoContact"


def power_on(realm: Realm, host: Machine, vm: Vm) -> None:
    """Give a VM power: its disk's system takes the VM's hardware and boots."""
    vm.state, vm.started_at, vm.off_at = RUNNING, realm.clock.now(), None
    disk = system_disk(host, vm)
    if disk is None or disk.system is None:
        return
    guest = disk.system
    guest.host_uid, guest.vm_id, guest.label, guest.level = host.uid, vm.id, label_of(host, vm), host.level + 1
    guest.vendor, guest.memory_mib, guest.processors = host.vendor, vm.memory_startup_mib, vm.processor_count
    guest.memory_used_mib = min(_SYSTEM_MIB, vm.memory_startup_mib // 4)
    guest.exposed = vm.exposed and not realm.faults.exposure_lost
    guest.powered = True
    for adapter in vm.adapters:
        guest.interfaces.setdefault(adapter.mac, Interface(adapter.mac))
    boot(realm, guest, realm.clock.now())


def power_off(realm: Realm, host: Machine, vm: Vm) -> None:
    """Take the power from a VM and from everything that runs in it."""
    guest = guest_of(host, vm)
    vm.state, vm.off_at = OFF, realm.clock.now()
    if guest is not None:
        guest.powered, guest.restart_at = False, None
        _cut_children(realm, guest)


def boot(realm: Realm, machine: Machine, at: float) -> None:
    """Begin a boot: a new boot id, pending changes take effect, the hypervisor launches when it can."""
    running = _cut_children(realm, machine)
    for disk in machine.disks.values():
        disk.attached = "" if disk.attached == "mount" else disk.attached
    machine.boots += 1
    machine.boot_id, machine.booted_at = realm.new_id(), at
    machine.restart_at, machine.restart_cause = None, ""
    _start_services(realm, machine)
    if machine.pending_domain:
        machine.domain, machine.pending_domain = machine.pending_domain, ""
    _apply_features(realm, machine)
    _launch(realm, machine)
    for vm in running:
        if vm.start_action == "StartIfRunning":
            power_on(realm, machine, vm)
    realm.changed()


def _start_services(realm: Realm, machine: Machine) -> None:
    """The cluster service of a member is automatic: a boot starts it, whoever stopped it before."""
    cluster = realm.state.clusters.get(machine.cluster.lower()) if machine.cluster else None
    if cluster is not None and machine.uid in cluster.stopped:
        cluster.stopped.remove(machine.uid)


def save(realm: Realm, host: Machine, vm: Vm) -> None:
    """Keep a VM's memory in a file and take its power."""
    power_off(realm, host, vm)
    vm.state = SAVED


def resume(realm: Realm, host: Machine, vm: Vm) -> None:
    """Let a saved VM go on where it was: its guest does not boot."""
    vm.state, vm.started_at, vm.off_at = RUNNING, realm.clock.now(), None
    disk = system_disk(host, vm)
    if disk is not None and disk.system is not None:
        disk.system.powered = True


def _cut_children(realm: Realm, machine: Machine) -> list[Vm]:
    running = [vm for vm in machine.vms.values() if vm.state == RUNNING]
    for vm in running:
        power_off(realm, machine, vm)
    return running


def _apply_features(realm: Realm, machine: Machine) -> None:
    pending = [name for name, state in machine.features.items() if state == PENDING]
    if HYPERV in pending and realm.faults.second_reboot and not machine.servicing:
        machine.servicing = True
        machine.restart_at = machine.booted_at + realm.sleep_seconds(realm.config.boot.second_reboot)
        machine.restart_cause = "rebooted_by_itself"
        return
    machine.servicing = False
    for name in pending:
        machine.features[name] = INSTALLED


def _launch(realm: Realm, machine: Machine) -> None:
    machine.launch_event = machine.failure_event = machine.launched_at = None
    if machine.features.get(HYPERV) != INSTALLED:
        return
    if machine.exposed and not realm.faults.hypervisor_fails:
        machine.launch_event, machine.launched_at = LAUNCH_EVENT, machine.booted_at + _LAUNCH_SECONDS
    else:
        machine.failure_event = NO_SVM_EVENT if machine.vendor == "amd" else NO_VMX_EVENT
    log(realm, machine, "Microsoft-Windows-Hyper-V-Hypervisor", machine.launch_event or machine.failure_event or 0)


def log(realm: Realm, machine: Machine, provider: str, number: int) -> None:
    """Write an entry into the machine's System log."""
    level = "Information" if number == LAUNCH_EVENT else "Error"
    entry = {"TimeCreated": realm.clock.now(), "Provider": provider, "Id": number, "Level": level}
    machine.events.append(entry)
    del machine.events[:-_EVENTS_KEPT]
