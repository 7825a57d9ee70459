"""The virtual disks of a machine: what New-VHD, Mount-VHD and Remove-Item do. Callers hold the realm's lock."""

from __future__ import annotations

import hashlib

from sandbox.machine import winerrors
from sandbox.machine.call import Call
from sandbox.machine.config import ImageConfig
from sandbox.machine.life import RUNNING
from sandbox.machine.model import Disk, Machine, Vm
from sandbox.machine.realm import Realm

DIFFERENCING = "Differencing"
DYNAMIC = "Dynamic"
MOUNT = "mount"
_FULL_BELOW_GIB = 0.01
_NESTED_GIB = 4
_NESTED_USED_GIB = 0.6


def normal(path: str) -> str:
    """The path with Windows' separators."""
    return path.replace("/", "\\")


def disk_at(machine: Machine, path: str) -> Disk | None:
    """The disk file at a path; None when there is none. Paths ignore case."""
    return machine.disks.get(normal(path).lower())


def free_gib(machine: Machine) -> float:
    """Free space of the volume: dynamic files take what they hold."""
    return machine.disk_gib - machine.disk_used_gib - sum(disk.used_gib for disk in machine.disks.values())


def image_of(realm: Realm, path: str) -> ImageConfig:
    """The settings of an image on a host, or of one inside guests (which inherits their passwords)."""
    for image in realm.config.images:
        if image.path.lower() == path.lower():
            return image
    for image in realm.config.images:
        if path.lower() in [item.lower() for item in image.nested_images]:
            return ImageConfig(
                path,
                os_build=image.os_build,
                installation_type="Nano Server",
                size_gib=_NESTED_GIB,
                used_gib=_NESTED_USED_GIB,
                password=image.password or realm.config.password,
                nested_images=(),
            )
    return ImageConfig(path, nested_images=())


def image_disk(image: ImageConfig) -> Disk:
    """The file of an image."""
    return Disk(image.path, DYNAMIC, image.size_gib, used_gib=image.used_gib, image=image.path)


def nested_disks(realm: Realm, image: ImageConfig) -> dict[str, Disk]:
    """The disk files that a guest of this image has on its own volume from the start."""
    return {path.lower(): image_disk(image_of(realm, path)) for path in image.nested_images}


def file_hash(realm: Realm, disk: Disk) -> str:
    """SHA-256 of a disk file: that of its image's settings, else of its path."""
    if disk.image.lower() == disk.path.lower():
        return image_of(realm, disk.image).sha256
    return hashlib.sha256(disk.path.encode()).hexdigest()


def new_vhd(call: Call, path: str, parent_path: str, size_gib: int, owner: str) -> Disk:
    """Create a disk file; raises what New-VHD raises."""
    machine = call.machine
    if disk_at(machine, path) is not None:
        text = f"The system failed to create '{path}'. The file exists. (0x80070050)"
        raise winerrors.vhd("OperationFailed", "NewVhd", "NotSpecified", text)
    if free_gib(machine) < _FULL_BELOW_GIB:
        text = "There is not enough space on the disk. (0x80070070)"
        raise winerrors.vhd("OperationFailed", "NewVhd", "NotSpecified", text)
    disk = _blank(path, size_gib) if not parent_path else _child(call, path, parent_path)
    disk.owner = owner
    machine.disks[disk.path.lower()] = disk
    call.effect("disk_created", disk.path)
    return disk


def _blank(path: str, size_gib: int) -> Disk:
    if size_gib <= 0:
        text = "The size is not valid."
        raise winerrors.vhd("InvalidParameter", "NewVhd", "InvalidArgument", text)
    return Disk(normal(path), DYNAMIC, size_gib)


def _child(call: Call, path: str, parent_path: str) -> Disk:
    parent = disk_at(call.machine, parent_path)
    if parent is None:
        text = f"The system cannot find the parent '{parent_path}'."
        raise winerrors.vhd("InvalidParameter", "NewVhd", "InvalidArgument", text)
    return Disk(normal(path), DIFFERENCING, parent.size_gib, parent=parent.path, image=parent.image)


def user_of(machine: Machine, disk: Disk) -> Vm | None:
    """A running VM that holds the file (itself or as a parent of its disk)."""
    key = disk.path.lower()
    for vm in machine.vms.values():
        if vm.state == RUNNING and any(key in chain(machine, path) for path in vm.disks):
            return vm
    return None


def is_attached(machine: Machine, disk: Disk) -> bool:
    """Whether the file is mounted or open in a running VM."""
    return bool(disk.attached) or user_of(machine, disk) is not None


def chain(machine: Machine, path: str) -> list[str]:
    """A disk and its parents, as keys; a missing parent ends it."""
    keys: list[str] = []
    disk = disk_at(machine, path)
    while disk is not None and disk.path.lower() not in keys:
        keys.append(disk.path.lower())
        disk = disk_at(machine, disk.parent) if disk.parent else None
    return keys


def missing_file(machine: Machine, path: str) -> str:
    """The first file of a disk's chain that is not there; '' when all are."""
    disk = disk_at(machine, path)
    seen: set[str] = set()
    while disk is not None and disk.path not in seen:
        seen.add(disk.path)
        if not disk.parent:
            return ""
        path = disk.parent
        disk = disk_at(machine, path)
    return path if disk is None else ""


def mount(call: Call, disk: Disk) -> None:
    """Mount-VHD; raises when the file is in use."""
    if is_attached(call.machine, disk):
        text = f"The system failed to mount '{disk.path}'. Another process uses the file. (0x80070020)"
        raise winerrors.vhd("OperationFailed", "MountVhd", "NotSpecified", text)
    disk.attached = MOUNT
    call.realm.changed()


def dismount(disk: Disk) -> None:
    """Dismount-VHD. Safe to repeat."""
    disk.attached = ""
