"""Images and disk files."""

from __future__ import annotations

import hashlib

from sandbox.machine import files, hyperv
from sandbox.machine.api import SecretText
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.function import Function, Record, Switch
from sandbox.machine.model import Disk, Seed
from sandbox.machine.realm import walk

_HASH_SECONDS = 40


def get_image(call: Call, *, Path: str, ComputeHash: Switch = False) -> Record:
    """An image file; its hash only when asked for."""
    call.sleep(_HASH_SECONDS if ComputeHash else 0.5)
    with call.realm.lock:
        disk = files.disk_at(call.machine, Path)
        if disk is not None:
            _require(call, "GetVHD", "Get-VHD", "Get-NestedImage")
        return {
            "Exists": disk is not None,
            "Path": Path,
            "Sha256": files.file_hash(call.realm, disk) if disk and ComputeHash else None,
            "SizeMib": int(disk.used_gib * 1024) if disk else None,
            "VhdFormat": "VHDX" if disk else None,
            "VhdType": disk.kind if disk else None,
            "IsReadOnly": disk.read_only if disk else None,
            "Attached": bool(disk.attached) if disk else None,
        }


def protect_image(call: Call, *, Path: str, Sha256: str) -> Record:
    """Compare the hash, then make the file read-only."""
    with call.realm.lock:
        disk = files.disk_at(call.machine, Path)
        if disk is None:
            raise call.refuse("ImageNotFound", "ObjectNotFound", f"there is no file {Path}", Path)
    call.sleep(_HASH_SECONDS)
    with call.realm.lock:
        found = files.file_hash(call.realm, disk)
        if found.lower() != Sha256.lower():
            raise call.refuse("ImageHashMismatch", "InvalidData", f"the hash of {Path} is {found}", Path)
        changed = not disk.read_only and call.should("Set-ItemProperty", Path)
        if changed:
            disk.read_only = True
            call.effect("image_protected", disk.path)
        return {"Changed": changed, "Path": Path, "Sha256": found, "IsReadOnly": disk.read_only}


def _require(call: Call, cmdlet: str, command: str, inside: str) -> None:
    """What every cmdlet of virtual disks refuses: as hyperv.require, by their own class names.

    `inside`: the module's function that a missing cmdlet ends (part of the id).
    """
    try:
        hyperv.require(call, cmdlet, command)
    except PsError as error:
        error.fqid = error.fqid.replace("Microsoft.HyperV.PowerShell.Commands.", "Microsoft.Vhd.PowerShell.Cmdlets.")
        if error.fqid == "CommandNotFoundException":
            error.fqid += f",{inside}"
        raise


def _record(call: Call, path: str) -> Record:
    disk = files.disk_at(call.machine, path)
    if disk is not None:
        _require(call, "GetVHD", "Get-VHD", "ConvertTo-MkDiskRecord")
    return {
        "Exists": disk is not None,
        "Path": path,
        "ParentPath": (disk.parent or None) if disk else None,
        "VhdType": disk.kind if disk else None,
        "SizeGib": disk.size_gib if disk else None,
        "Owner": (disk.owner or None) if disk else None,
        "SeedSha256": disk.seed.sha256 if disk and disk.seed else None,
        "Attached": files.is_attached(call.machine, disk) if disk else None,
    }


def get_disk(call: Call, *, Path: str) -> Record:
    """A disk file."""
    call.sleep(0.5)
    with call.realm.lock:
        return _record(call, Path)


def new_disk(call: Call, *, Path: str, Owner: str, ParentPath: str = "", SizeGib: int = 0) -> Record:
    """A differencing disk of a parent, or a dynamic one of a size."""
    with call.realm.lock:
        disk = files.disk_at(call.machine, Path)
        if disk is not None:
            _require(call, "GetVHD", "Get-VHD", "ConvertTo-MkDiskRecord")
        if disk is not None and not _same(disk, Owner, ParentPath):
            raise call.refuse("DiskForeign", "ResourceExists", f"{Path} is someone else's or of another parent", Path)
        if disk is None and ParentPath and files.disk_at(call.machine, ParentPath) is None:
            raise call.refuse("ParentNotFound", "ObjectNotFound", f"there is no file {ParentPath}", ParentPath)
    if disk is not None or not call.should("New-VHD", Path):
        return {**_locked_record(call, Path), "Changed": False}
    _require(call, "NewVhd", "New-VHD", "New-MkDisk")
    call.sleep(1.5)
    with call.realm.lock:
        files.new_vhd(call, Path, ParentPath, SizeGib, Owner)
    call.sleep(0.5)
    return {**_locked_record(call, Path), "Changed": True}


def _same(disk: Disk, owner: str, parent_path: str) -> bool:
    return disk.owner == owner and disk.parent.lower() == files.normal(parent_path).lower()


def _locked_record(call: Call, path: str) -> Record:
    with call.realm.lock:
        return _record(call, path)


def set_seed(
    call: Call, *, Path: str, Owner: str, ComputerName: str, AdministratorPassword: SecretText, TimeZone: str = "UTC"
) -> Record:
    """Mount the disk, write the answer file and the module, dismount in any case."""
    hashed = call.realm.password_hash(AdministratorPassword.value)
    digest = hashlib.sha256(f"{ComputerName}|{TimeZone}|{hashed}".encode()).hexdigest()
    with call.realm.lock:
        disk = _free_disk(call, Path, Owner)
        present = disk.seed.sha256 if disk.seed else None
        if present == digest or not call.should("Set-NestedDiskSeed", Path):
            return {"Changed": False, "Path": Path, "SeedSha256": present}
        files.mount(call, disk)
    try:
        call.sleep(20)
        with call.realm.lock:
            if not disk.image:
                raise call.refuse("NoWindows", "InvalidData", f"{Path} holds no Windows", Path)
            disk.seed = Seed(ComputerName, hashed, TimeZone, digest)
            call.effect("disk_seeded", disk.path)
        call.sleep(5)
    finally:
        with call.realm.lock:
            files.dismount(disk)
            call.realm.changed()
    return {"Changed": True, "Path": Path, "SeedSha256": digest}


def _free_disk(call: Call, path: str, owner: str) -> Disk:
    """The owner's disk, which nobody uses."""
    disk = files.disk_at(call.machine, path)
    if disk is None:
        raise call.refuse("DiskNotFound", "ObjectNotFound", f"there is no file {path}", path)
    if disk.owner != owner:
        raise call.refuse("NotOwned", "PermissionDenied", f"{path} belongs to someone else", path)
    _require(call, "GetVHD", "Get-VHD", "Assert-MkDiskFree")
    if files.is_attached(call.machine, disk):
        raise call.refuse("DiskAttached", "ResourceBusy", f"{path} is in use", path)
    return disk


def remove_disk(call: Call, *, Path: str, Owner: str) -> Record:
    """Delete a disk file of an owner."""
    with call.realm.lock:
        if files.disk_at(call.machine, Path) is None:
            return {"Changed": False, "Existed": False}
        disk = _free_disk(call, Path, Owner)
    if not call.should("Remove-Item", Path):
        return {"Changed": False, "Existed": True}
    call.sleep(1)
    with call.realm.lock:
        delete(call, disk)
    return {"Changed": True, "Existed": True}


def delete(call: Call, disk: Disk) -> None:
    """Remove a file and the machine that lived in it."""
    if call.machine.disks.pop(disk.path.lower(), None) is None:
        return
    for machine in walk(disk.system) if disk.system is not None else ():
        call.realm.machines.pop(machine.uid, None)
    call.effect("disk_removed", disk.path)


TABLE = (
    Function("Get-NestedImage", get_image),
    Function("Protect-NestedImage", protect_image, changes=True),
    Function("Get-NestedDisk", get_disk),
    Function("New-NestedDisk", new_disk, changes=True),
    Function("Set-NestedDiskSeed", set_seed, changes=True),
    Function("Remove-NestedDisk", remove_disk, changes=True),
)
