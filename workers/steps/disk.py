"""Disk files of a node: a differencing or empty disk, and the seed that names and unlocks the guest."""

from __future__ import annotations

from typing import Any, ClassVar

from workers.errors import StepRefused
from workers.steps.base import Applied, Checked, Ensure, NotYet, StepContext
from workers.steps.removal import remove_owned


class CreateDisk(Ensure):
    """Create one disk file: a child of the image when it has a parent, else an empty dynamic disk."""

    action: ClassVar[str] = "CreateDisk"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when our file is there with the same parent or size; raises StepRefused for somebody else's file."""
        found = ctx.host.read("Get-NestedDisk", path=ctx.params["path"])
        if not found["exists"]:
            return NotYet("the disk does not exist")
        _refuse_foreign(found, ctx)
        if not _as_wanted(found, ctx):
            message = f"{ctx.params['path']} exists with another parent or size"
            raise StepRefused(message, reason="DISK_DIFFERS", remedy="Tear the lab down, or remove this file.")
        return Checked()

    def apply(self, ctx: StepContext) -> Applied:
        """Create the file with our sidecar."""
        ctx.report(None, f"creating {ctx.params['path']}")
        ctx.host.change(
            "New-NestedDisk",
            path=ctx.params["path"],
            owner=ctx.owner,
            parent_path=ctx.params.get("parent_path") or "",
            size_gib=int(ctx.params.get("size_gib") or 0),
        )
        return Applied()

    def undo(self, ctx: StepContext) -> None:
        """Remove the file when it is ours."""
        remove_owned(ctx, "Remove-NestedDisk", path=ctx.params["path"], owner=ctx.owner)


class SeedDisk(Ensure):
    """Write the unattend file and the module into the system disk before its first boot."""

    action: ClassVar[str] = "SeedDisk"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the disk is ours and was seeded. The password in a seed cannot be read back, and need not be."""
        found = ctx.host.read("Get-NestedDisk", path=ctx.params["path"])
        if not found["exists"]:
            message = f"{ctx.params['path']} does not exist"
            raise StepRefused(message, reason="DISK_MISSING", remedy="Retry the job from the step that creates it.")
        _refuse_foreign(found, ctx)
        return Checked() if found["seed_sha256"] else NotYet("the disk has no seed")

    def apply(self, ctx: StepContext) -> Applied:
        """Mount, write, dismount: one call on the host, which dismounts whatever happens."""
        ctx.report(None, f"seeding {ctx.params['computer_name']}")
        ctx.host.change(
            "Set-NestedDiskSeed",
            path=ctx.params["path"],
            owner=ctx.owner,
            computer_name=ctx.params["computer_name"],
            administrator_password=ctx.secrets.get("guest_administrator"),
            time_zone=ctx.params.get("time_zone") or "UTC",
        )
        return Applied()


def _refuse_foreign(found: dict[str, Any], ctx: StepContext) -> None:
    if found["owner"] != ctx.owner:
        message = f"{ctx.params['path']} exists and is not ours"
        raise StepRefused(message, reason="NAME_TAKEN", remedy="Choose another storage path, or move that file.")


def _as_wanted(found: dict[str, Any], ctx: StepContext) -> bool:
    parent = ctx.params.get("parent_path")
    if parent:
        return bool((found["parent_path"] or "").lower() == parent.lower())
    return bool(found["size_gib"] == int(ctx.params.get("size_gib") or 0))
