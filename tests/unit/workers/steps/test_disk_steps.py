"""VerifyImage, CreateDisk and SeedDisk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import OWNER, Bench
from tests.unit.workers.steps.records import ours
from workers.errors import NotConverged, RemoteError, StepRefused
from workers.psrp.port import SecretStr

_SHA = "ab" * 32
_IMAGE = {"path": r"C:\Images\ws.vhdx", "sha256": _SHA}
_PATH = r"C:\Labs\lab_1\nest-1\nest-1.vhdx"
_CHILD = {"path": _PATH, "parent_path": r"C:\Images\ws.vhdx"}
_DATA = {"path": r"C:\Labs\lab_1\nest-1\data-1.vhdx", "size_gib": 100}
_SEED = {"path": _PATH, "computer_name": "nest-1", "time_zone": "UTC"}
_NO_DISK = {"exists": False, "owner": None, "parent_path": None, "size_gib": None, "seed_sha256": None}


def _image(*, read_only: bool, sha: str | None = None, exists: bool = True) -> dict[str, Any]:
    return {"exists": exists, "path": _IMAGE["path"], "sha256": sha, "is_read_only": read_only, "attached": False}


def _disk(**changes: Any) -> dict[str, Any]:
    return {
        "exists": True,
        "owner": OWNER,
        "parent_path": r"c:\images\WS.vhdx",
        "size_gib": 127,
        "seed_sha256": None,
        "attached": False,
    } | changes


def test_a_fresh_image_is_hashed_once_by_the_change() -> None:
    """A writable image is verified and protected in one call; reading back costs no second hash."""
    host = FakeHost({"Get-NestedImage": [_image(read_only=False), _image(read_only=True)]})
    host.answers["Protect-NestedImage"] = {"changed": True, "sha256": _SHA, "is_read_only": True}
    bench = Bench("VerifyImage", host, _IMAGE)

    assert bench.run() == ("succeeded", {"image.sha256": _SHA})
    assert not [call for call in host.log if "compute_hash" in call.parameters]


def test_a_protected_image_is_hashed_now_not_believed() -> None:
    """A read-only file is skipped only after its hash was computed on the host now."""
    host = FakeHost({"Get-NestedImage": _image(read_only=True, sha=_SHA.upper())})
    bench = Bench("VerifyImage", host, _IMAGE)

    assert bench.run()[0] == "skipped"
    assert host.log[-1].parameters["compute_hash"] is True


@pytest.mark.parametrize("read_only", [True, False])
def test_a_wrong_hash_is_refused(read_only: bool) -> None:
    """Other bytes than the catalogue's are refused, protected or not."""
    host = FakeHost({"Get-NestedImage": _image(read_only=read_only, sha="00" * 32)})
    host.answers["Protect-NestedImage"] = ours("ImageHashMismatch")

    with pytest.raises((StepRefused, RemoteError)) as refused:
        Bench("VerifyImage", host, _IMAGE).run()

    assert getattr(refused.value, "reason", refused.value.code) == "IMAGE_HASH_MISMATCH"


def test_a_missing_image_is_refused() -> None:
    """An image that is not there is a configuration error."""
    with pytest.raises(StepRefused) as refused:
        Bench("VerifyImage", FakeHost({"Get-NestedImage": _image(read_only=False, exists=False)}), _IMAGE).run()

    assert refused.value.reason == "IMAGE_NOT_FOUND"


def test_an_image_without_a_known_hash_is_recorded() -> None:
    """Without a hash in the catalogue the one computed now is protected and kept as a fact."""
    host = FakeHost(
        {"Get-NestedImage": [_image(read_only=False), _image(read_only=False, sha=_SHA), _image(read_only=True)]}
    )
    host.answers["Protect-NestedImage"] = {"sha256": _SHA}

    assert Bench("VerifyImage", host, {"path": _IMAGE["path"], "sha256": ""}).run() == (
        "succeeded",
        {"image.sha256": _SHA},
    )


def test_an_image_that_stays_writable_is_not_converged() -> None:
    """The attribute is read back."""
    host = FakeHost({"Get-NestedImage": _image(read_only=False), "Protect-NestedImage": {"sha256": _SHA}})

    with pytest.raises(NotConverged):
        Bench("VerifyImage", host, _IMAGE).run()


def test_a_missing_disk_is_made_as_a_child_of_the_image() -> None:
    """A differencing disk gets its parent and our owner."""
    bench = Bench("CreateDisk", FakeHost({"Get-NestedDisk": [_NO_DISK, _disk()], "New-NestedDisk": {}}), _CHILD)

    assert bench.run()[0] == "succeeded"
    assert bench.changes()[0].parameters == {
        "path": _PATH,
        "owner": OWNER,
        "parent_path": r"C:\Images\ws.vhdx",
        "size_gib": 0,
    }


def test_our_disk_with_the_same_parent_is_skipped() -> None:
    """Paths compare as Windows compares them; nothing is made twice."""
    assert Bench("CreateDisk", FakeHost({"Get-NestedDisk": _disk()}), _CHILD).run()[0] == "skipped"


def test_a_data_disk_is_known_by_its_size() -> None:
    """An empty disk of the wanted size is ours and done."""
    found = _disk(parent_path=None, size_gib=100)

    assert Bench("CreateDisk", FakeHost({"Get-NestedDisk": found}), _DATA).run()[0] == "skipped"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (_disk(owner="lab_other"), "NAME_TAKEN"),
        (_disk(owner=None), "NAME_TAKEN"),
        (_disk(parent_path="x"), "DISK_DIFFERS"),
    ],
)
def test_a_disk_that_is_not_the_one_is_refused(found: dict[str, Any], reason: str) -> None:
    """A file of somebody else, or ours with another parent, is never overwritten."""
    with pytest.raises(StepRefused) as refused:
        Bench("CreateDisk", FakeHost({"Get-NestedDisk": found}), _CHILD).run()

    assert refused.value.reason == reason


def test_a_full_volume_is_explained_by_its_hresult() -> None:
    """A generic id with Windows' disk-full number becomes CAPACITY_DISK."""
    full = RemoteError("voll", error_id="OperationFailed,Microsoft.Vhd.PowerShell.Cmdlets.NewVhd", hresult=-2147024784)

    with pytest.raises(RemoteError) as refused:
        Bench("CreateDisk", FakeHost({"Get-NestedDisk": _NO_DISK, "New-NestedDisk": full}), _CHILD).run()

    assert refused.value.code == "CAPACITY_DISK"


def test_undo_removes_only_our_file() -> None:
    """Undo names path and owner."""
    bench = Bench("CreateDisk", FakeHost({"Remove-NestedDisk": {"existed": True}}), _CHILD)
    bench.undo()

    assert bench.changes()[0].parameters == {"path": _PATH, "owner": OWNER}


def test_a_disk_is_seeded_once_with_the_password_as_a_secret() -> None:
    """The seed carries the administrator's password as a SecretStr; a seeded disk is skipped."""
    host = FakeHost({"Get-NestedDisk": [_disk(), _disk(seed_sha256="cd" * 32)], "Set-NestedDiskSeed": {}})
    bench = Bench("SeedDisk", host, _SEED)

    assert bench.run()[0] == "succeeded"
    assert isinstance(bench.changes()[0].parameters["administrator_password"], SecretStr)
    assert bench.run()[0] == "skipped"


def test_seeding_a_disk_that_is_gone_is_refused() -> None:
    """Without its disk the seed step says which step makes it."""
    with pytest.raises(StepRefused) as refused:
        Bench("SeedDisk", FakeHost({"Get-NestedDisk": _NO_DISK}), _SEED).run()

    assert refused.value.reason == "DISK_MISSING"


def test_an_attached_disk_is_tried_again() -> None:
    """A stale mount may pass: the error is retryable."""
    host = FakeHost({"Get-NestedDisk": _disk(), "Set-NestedDiskSeed": ours("DiskAttached")})

    with pytest.raises(RemoteError) as failed:
        Bench("SeedDisk", host, _SEED).run()

    assert (failed.value.code, failed.value.retryable) == ("DISK_IN_USE", True)
