"""The parent image: its bytes are what the catalogue says, and nobody writes to it any more."""

from __future__ import annotations

from typing import Any, ClassVar

from workers.errors import NotConverged, StepRefused
from workers.steps.base import Applied, Checked, Facts, NotYet, ReadOnly, StepContext

_REMEDY = "Copy the image again, or correct sha256 in the image record."


class VerifyImage(ReadOnly):
    """Check the image's SHA-256 and set it read-only. Hashing takes a minute: it is done once, by whoever needs it."""

    action: ClassVar[str] = "VerifyImage"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the file is read-only and its hash, computed now, is the expected one."""
        found = _image(ctx)
        if not found["is_read_only"]:
            return NotYet("the image can be written to")
        ctx.report(None, "computing the image's SHA-256")
        actual = _image(ctx, compute_hash=True)["sha256"]
        expected = ctx.params.get("sha256") or actual
        if not _same(actual, expected):
            message = f"the image's SHA-256 is {actual}, not {expected}"
            raise StepRefused(message, reason="IMAGE_HASH_MISMATCH", remedy=_REMEDY)
        return Checked({"image.sha256": actual})

    def apply(self, ctx: StepContext) -> Applied:
        """Verify the hash on the host and set the file read-only."""
        expected = ctx.params.get("sha256") or _image(ctx, compute_hash=True)["sha256"]
        ctx.report(None, "verifying the image's SHA-256")
        answer = ctx.host.change("Protect-NestedImage", path=ctx.params["path"], sha256=expected)
        return Applied({"image.sha256": answer["sha256"]})

    def verify(self, ctx: StepContext) -> Facts:
        """Read the read-only attribute back; the hash was computed by the change itself."""
        if not _image(ctx)["is_read_only"]:
            raise NotConverged("the image is still writable")
        return {}


def _image(ctx: StepContext, *, compute_hash: bool = False) -> dict[str, Any]:
    parameters = {"compute_hash": True} if compute_hash else {}
    found = ctx.host.read("Get-NestedImage", path=ctx.params["path"], **parameters)
    if not found["exists"]:
        message = f"the host has no image {ctx.params['path']}"
        raise StepRefused(message, reason="IMAGE_NOT_FOUND", remedy="Put it there, or correct the image record.")
    return found


def _same(actual: str, expected: str) -> bool:
    return actual.lower() == expected.lower()
