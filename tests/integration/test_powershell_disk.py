"""Images, disks and seeds on the real engine, against a pretended Windows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.powershell_docs import assert_fields
from tests.integration.powershell_kit import Engine, play
from tests.integration.powershell_stage import Stage


@pytest.fixture
def engine(stage: Stage, tmp_path: Path) -> Engine:
    """An engine with a folder of its own."""
    return Engine(stage.pwsh, tmp_path, stage)


def test_disks_and_images(engine: Engine) -> None:
    """A disk is made once and marked, a foreign one is left alone, an image is closed when its hash is right."""
    found = play(
        engine,
        "[System.IO.File]::WriteAllText('parent.vhdx', 'abc')\n[System.IO.File]::WriteAllText('office.vhdx', 'x')\n"
        "$good = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'",
        noimage="Get-NestedImage -Path 'no.vhdx'",
        image="Get-NestedImage -Path 'parent.vhdx' -ComputeHash",
        wrong="Protect-NestedImage -Path 'parent.vhdx' -Sha256 ('0' * 64)",
        missing="Protect-NestedImage -Path 'no.vhdx' -Sha256 $good",
        closed="Protect-NestedImage -Path 'parent.vhdx' -Sha256 $good.ToUpper()",
        shut="Protect-NestedImage -Path 'parent.vhdx' -Sha256 $good",
        absent="Get-NestedDisk -Path 'sub/d.vhdx'",
        orphan="New-NestedDisk -Path 'sub/d.vhdx' -Owner 'lab_1' -ParentPath 'no.vhdx'",
        made="New-NestedDisk -Path 'sub/d.vhdx' -Owner 'lab_1' -ParentPath 'parent.vhdx'",
        again="New-NestedDisk -Path 'sub/d.vhdx' -Owner 'lab_1' -ParentPath 'parent.vhdx'",
        otherlab="New-NestedDisk -Path 'sub/d.vhdx' -Owner 'lab_2' -ParentPath 'parent.vhdx'",
        otherparent="New-NestedDisk -Path 'sub/d.vhdx' -Owner 'lab_1'",
        data="New-NestedDisk -Path 'more/data.vhdx' -Owner 'lab_1' -SizeGib 20",
        foreign="Remove-NestedDisk -Path 'office.vhdx' -Owner 'lab_1'",
        busy="(Get-VHD -Path 'sub/d.vhdx').Attached = $true; Remove-NestedDisk -Path 'sub/d.vhdx' -Owner 'lab_1'",
        gone="(Get-VHD -Path 'sub/d.vhdx').Attached = $false; Remove-NestedDisk -Path 'sub/d.vhdx' -Owner 'lab_1'",
        nothing="Remove-NestedDisk -Path 'sub/d.vhdx' -Owner 'lab_1'",
    )
    for name, function in {
        "noimage": "Get-NestedImage",
        "image": "Get-NestedImage",
        "closed": "Protect-NestedImage",
        "absent": "Get-NestedDisk",
        "made": "New-NestedDisk",
        "gone": "Remove-NestedDisk",
    }.items():
        assert_fields(function, found[name])
    assert found["image"]["result"]["Sha256"].startswith("ba7816bf")
    assert found["wrong"]["id"] == "Matryoshka.ImageHashMismatch,Protect-NestedImage"
    assert found["missing"]["id"] == "Matryoshka.ImageNotFound,Protect-NestedImage"
    assert (found["closed"]["result"]["Changed"], found["closed"]["result"]["IsReadOnly"]) == (True, True)
    assert found["shut"]["result"]["Changed"] is False
    assert found["orphan"]["id"] == "Matryoshka.ParentNotFound,New-NestedDisk"
    made = found["made"]["result"]
    assert (made["VhdType"], made["ParentPath"], made["Owner"]) == ("Differencing", "parent.vhdx", "lab_1")
    assert found["again"]["result"] == {**made, "Changed": False}
    assert found["otherlab"]["id"] == "Matryoshka.DiskForeign,New-NestedDisk"
    assert found["otherparent"]["id"] == "Matryoshka.DiskForeign,New-NestedDisk"
    assert found["data"]["result"]["SizeGib"] == 20
    assert found["foreign"]["id"] == "Matryoshka.NotOwned,Remove-NestedDisk"
    assert found["busy"]["id"] == "Matryoshka.DiskAttached,Remove-NestedDisk"
    assert found["gone"]["result"] == {"Changed": True, "Existed": True}
    assert found["nothing"]["result"] == {"Changed": False, "Existed": False}
    assert not (engine.folder / "sub").exists()
    assert (engine.folder / "office.vhdx").exists()


_SEED = "Set-NestedDiskSeed -Path 'd/d.vhdx' -Owner 'lab_1' -ComputerName 'nest-1' -AdministratorPassword $secret"


def test_seed_is_written_and_the_disk_dismounted(engine: Engine) -> None:
    """The seed lands in the Windows partition, escaped as XML; the disk is dismounted even when it has no Windows."""
    found = play(
        engine,
        '$root = "$PWD/root"\n$Fake.DiskRoot = $root\n'
        '$null = [System.IO.Directory]::CreateDirectory("$root/3"), [System.IO.Directory]::CreateDirectory("$root/4")\n'
        "$secret = ConvertTo-SecureString 'a<b>&\"c' -AsPlainText -Force\n"
        "$null = New-NestedDisk -Path 'd/d.vhdx' -Owner 'lab_1' -SizeGib 10",
        no="Set-NestedDiskSeed -Path 'no.vhdx' -Owner 'lab_1' -ComputerName 'n' -AdministratorPassword $secret",
        foreign="Set-NestedDiskSeed -Path 'd/d.vhdx' -Owner 'lab_2' -ComputerName 'n' -AdministratorPassword $secret",
        empty=_SEED,
        what=f"{_SEED} -WhatIf",
        made='$null = [System.IO.Directory]::CreateDirectory("$root/4/Windows/System32/config"); '
        f"[System.IO.File]::WriteAllText(\"$root/4/Windows/System32/config/SYSTEM\", ''); {_SEED}",
        again=_SEED,
        read="Get-NestedDisk -Path 'd/d.vhdx'",
        busy=f"(Get-VHD -Path 'd/d.vhdx').Attached = $true; {_SEED}",
        module="Get-NestedModuleInfo",
    )
    assert found["no"]["id"] == "Matryoshka.DiskNotFound,Set-NestedDiskSeed"
    assert found["foreign"]["id"] == "Matryoshka.NotOwned,Set-NestedDiskSeed"
    assert found["busy"]["id"] == "Matryoshka.DiskAttached,Set-NestedDiskSeed"
    assert found["empty"]["id"]
    assert found["empty"]["calls"][-1] == "Dismount-VHD"
    assert found["what"]["calls"] == []
    assert_fields("Set-NestedDiskSeed", found["made"])
    sha256 = found["module"]["result"]["Sha256"]
    assert found["made"]["result"] == {"Changed": True, "Path": "d/d.vhdx", "SeedSha256": sha256}
    assert found["made"]["calls"][-2:] == ["Remove-PartitionAccessPath 4", "Dismount-VHD"]
    assert found["again"]["result"]["Changed"] is False
    assert found["read"]["result"]["SeedSha256"] == sha256
    windows = engine.folder / "root" / "4"
    unattend = (windows / "Windows/Panther/unattend.xml").read_text(encoding="utf-8")
    assert "<ComputerName>nest-1</ComputerName>" in unattend
    assert '<Value>a&lt;b&gt;&amp;"c</Value>' in unattend
    assert (windows / f"ProgramData/Matryoshka/module/{sha256}.ps1").read_text(encoding="utf-8").startswith("function ")
