"""Images and disks."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from uuid import UUID

import pytest

from sandbox.machine import Command, PipelineStopped, PsError, SecretText
from tests.unit.sandbox.machine.lab import CONFIG, IMAGE, OWNER, Lab, Recorder

HASH = hashlib.sha256(IMAGE.encode()).hexdigest()
SEED = {"Owner": OWNER, "ComputerName": "n", "AdministratorPassword": SecretText("p")}


def test_an_images_hash_is_known_beforehand() -> None:
    """The hash is that of the path's text, computed only when asked for."""
    lab = Lab()

    assert lab.run("Get-NestedImage", Path=IMAGE)["Sha256"] is None
    assert lab.run("Get-NestedImage", Path=IMAGE, ComputeHash=True)["Sha256"] == HASH
    assert lab.run("Get-NestedImage", Path="C:\\no.vhdx")["Exists"] is False
    assert lab.world.as_json()["images"] == [{"path": IMAGE, "sha256": HASH}]


def test_protecting_an_image() -> None:
    """The hash is compared, then the file becomes read-only, once."""
    lab = Lab()

    assert lab.run("Protect-NestedImage", Path=IMAGE, Sha256=HASH)["Changed"] is True
    assert lab.run("Protect-NestedImage", Path=IMAGE, Sha256=HASH.upper())["Changed"] is False
    for path, digest, word in ((IMAGE, "0" * 64, "ImageHashMismatch"), ("C:\\no.vhdx", HASH, "ImageNotFound")):
        with pytest.raises(PsError) as caught:
            lab.run("Protect-NestedImage", Path=path, Sha256=digest)
        assert caught.value.fqid == f"Matryoshka.{word},Protect-NestedImage"


def test_a_disk_is_made_once() -> None:
    """The same disk of the same owner and parent is found again."""
    lab = Lab()
    wanted = {"Path": "C:/Lab/a.vhdx", "Owner": OWNER, "ParentPath": IMAGE}
    first = lab.run("New-NestedDisk", **wanted)
    second = lab.run("New-NestedDisk", **wanted)

    assert (first["Changed"], first["VhdType"], first["ParentPath"]) == (True, "Differencing", IMAGE)
    assert second == {**first, "Changed": False}
    assert lab.count("disk_created") == 1


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"Owner": "lab_b", "ParentPath": IMAGE}, "DiskForeign"),
        ({"Owner": OWNER, "SizeGib": 10}, "DiskForeign"),
        ({"Path": "C:\\b.vhdx", "Owner": OWNER, "ParentPath": "C:\\no.vhdx"}, "ParentNotFound"),
    ],
)
def test_disks_that_are_refused(parameters: dict[str, object], word: str) -> None:
    """A file of someone else or of another parent is foreign; a parent must be there."""
    lab = Lab()
    lab.run("New-NestedDisk", Path="C:\\a.vhdx", Owner=OWNER, ParentPath=IMAGE)

    with pytest.raises(PsError) as caught:
        lab.run("New-NestedDisk", **{"Path": "C:\\a.vhdx", **parameters})
    assert caught.value.fqid == f"Matryoshka.{word},New-NestedDisk"


def test_a_size_is_needed() -> None:
    """A dynamic disk without a size is refused by New-VHD itself."""
    with pytest.raises(PsError) as caught:
        Lab().run("New-NestedDisk", Path="C:\\a.vhdx", Owner=OWNER)
    assert caught.value.fqid == "InvalidParameter,Microsoft.Vhd.PowerShell.Cmdlets.NewVhd"


def test_a_full_volume() -> None:
    """When the volume is full New-VHD fails, and its HRESULT is that of any exception."""
    lab = Lab(replace(CONFIG, disk_gib=70))
    lab.machine.disk_used_gib = 70

    with pytest.raises(PsError) as caught:
        lab.run("New-NestedDisk", Path="C:\\a.vhdx", Owner=OWNER, SizeGib=10)
    assert caught.value.fqid == "OperationFailed,Microsoft.Vhd.PowerShell.Cmdlets.NewVhd"
    assert caught.value.hresult == 0x80131500 - 0x100000000


def test_seeding_is_done_once_and_leaves_nothing_mounted() -> None:
    """The same seed is found again; another one is written anew; the disk is dismounted."""
    lab = Lab()
    path = lab.disk("n", seed=False)
    first = lab.run("Set-NestedDiskSeed", Path=path, **SEED)
    second = lab.run("Set-NestedDiskSeed", Path=path, **SEED)
    third = lab.run("Set-NestedDiskSeed", Path=path, **{**SEED, "ComputerName": "m"})

    assert (first["Changed"], second["Changed"], third["Changed"]) == (True, False, True)
    assert first["SeedSha256"] == second["SeedSha256"] != third["SeedSha256"]
    disk = lab.run("Get-NestedDisk", Path=path)
    assert (disk["Attached"], disk["SeedSha256"]) == (False, third["SeedSha256"])


def test_a_stopped_seeding_dismounts() -> None:
    """The disk is dismounted when the pipeline is stopped in the middle, and nothing was written."""
    lab = Lab()
    path = lab.disk("n", seed=False)
    streams = Recorder()
    lab.after(5, lambda: setattr(streams, "stop", True))
    with pytest.raises(PipelineStopped):
        lab.host.runspace("a", True).invoke(Command("Set-NestedDiskSeed", parameters={"Path": path, **SEED}), streams)

    disk = lab.run("Get-NestedDisk", Path=path)
    assert (disk["Attached"], disk["SeedSha256"]) == (False, None)


def test_a_disk_cannot_be_mounted_twice() -> None:
    """While one mount is on, another is refused as DiskAttached."""
    lab = Lab()
    path = lab.disk("n", seed=False)
    lab.machine.disks[path.lower()].attached = "mount"

    for function, parameters in (("Set-NestedDiskSeed", SEED), ("Remove-NestedDisk", {"Owner": OWNER})):
        with pytest.raises(PsError) as caught:
            lab.run(function, Path=path, **parameters)
        assert (caught.value.fqid, caught.value.category) == (f"Matryoshka.DiskAttached,{function}", "ResourceBusy")


def test_a_running_vms_disk_stays() -> None:
    """The disk of a running VM cannot be removed; afterwards it can, once."""
    lab = Lab()
    node = lab.running()
    path = "C:\\Lab\\nest-1.vhdx"

    with pytest.raises(PsError, match="in use"):
        lab.run("Remove-NestedDisk", Path=path, Owner=OWNER)
    lab.run("Stop-NestedNode", VMId=UUID(node), TurnOff=True)
    assert lab.run("Remove-NestedDisk", Path=path, Owner=OWNER) == {"Changed": True, "Existed": True}
    assert lab.run("Remove-NestedDisk", Path=path, Owner=OWNER) == {"Changed": False, "Existed": False}


def test_owners_are_respected() -> None:
    """Seeding and removing need the owner, and a file."""
    lab = Lab()
    path = lab.disk("n")

    for function, parameters in (("Set-NestedDiskSeed", {**SEED, "Owner": "x"}), ("Remove-NestedDisk", {"Owner": "x"})):
        with pytest.raises(PsError) as caught:
            lab.run(function, Path=path, **parameters)
        assert caught.value.fqid == f"Matryoshka.NotOwned,{function}"
    with pytest.raises(PsError) as caught:
        lab.run("Set-NestedDiskSeed", Path="C:\\no.vhdx", **SEED)
    assert caught.value.fqid == "Matryoshka.DiskNotFound,Set-NestedDiskSeed"
