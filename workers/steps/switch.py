"""Switches and NAT of the host: those of the caller are only looked at, ours are made and taken back."""

from __future__ import annotations

from typing import Any, ClassVar

from workers.errors import StepRefused
from workers.steps.base import Applied, Checked, Ensure, NotYet, StepContext
from workers.steps.removal import remove_owned

_INTERNAL = "internal"


class EnsureSwitch(Ensure):
    """Make an internal switch with a host address, or see that the caller's switch is there."""

    action: ClassVar[str] = "EnsureSwitch"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the switch exists and, if it is to be ours, carries our owner and the host address."""
        found = ctx.host.read("Get-NestedSwitch", name=ctx.params["name"])
        if not found["exists"]:
            return NotYet("the switch does not exist")
        ours = found["owner"] == ctx.owner
        if _is_internal(ctx) and not (ours and _has_address(found, ctx)):
            return NotYet("the switch is not ours or has another host address")
        return Checked({"switch.created": ours})

    def apply(self, ctx: StepContext) -> Applied:
        """Make or complete the switch; raises StepRefused when the caller's own is missing."""
        name = ctx.params["name"]
        if not _is_internal(ctx):
            message = f"the host has no switch named {name}"
            raise StepRefused(message, reason="SWITCH_MISSING", remedy="Create it, or ask for an internal switch.")
        ctx.report(None, f"creating switch {name}")
        ctx.host.change(
            "New-NestedSwitch",
            name=name,
            owner=ctx.owner,
            host_address=ctx.params.get("host_address") or "",
            prefix_length=int(ctx.params.get("prefix_length") or 24),
        )
        return Applied({"switch.created": True})

    def undo(self, ctx: StepContext) -> None:
        """Remove the switch when it carries our owner."""
        if _is_internal(ctx):
            remove_owned(ctx, "Remove-NestedSwitch", name=ctx.params["name"], owner=ctx.owner)


class EnsureNat(Ensure):
    """Give an internal switch a NAT of our own name."""

    action: ClassVar[str] = "EnsureNat"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when a NAT of this name has this prefix."""
        found = ctx.host.read("Get-NestedNat", name=ctx.params["name"])
        if not found["exists"]:
            return NotYet("the NAT does not exist")
        if found["prefix"] != ctx.params["prefix"]:
            return NotYet("the NAT has another prefix")
        return Checked({"nat.created": True})

    def apply(self, ctx: StepContext) -> Applied:
        """Make the NAT. Windows keeps one NAT network a host: a conflict is refused with NAT_CONFLICT."""
        ctx.host.change("New-NestedNat", name=ctx.params["name"], prefix=ctx.params["prefix"])
        return Applied({"nat.created": True})

    def undo(self, ctx: StepContext) -> None:
        """Remove the NAT: its name holds our lab id, so it is nobody else's."""
        remove_owned(ctx, "Remove-NestedNat", name=ctx.params["name"])


def _is_internal(ctx: StepContext) -> bool:
    return bool(ctx.params.get("kind") == _INTERNAL)


def _has_address(found: dict[str, Any], ctx: StepContext) -> bool:
    wanted = ctx.params.get("host_address") or ""
    return not wanted or found["host_address"] == wanted
