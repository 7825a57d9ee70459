"""Roles of a node and the reboot that finishes them. A reboot is seen by boot identity, never by reachability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workers.errors import NotConverged
from workers.steps.base import Applied, Checked, Ensure, Facts, NotYet, ReadOnly, StepContext, Wait, read_back
from workers.steps.guest import await_guest
from workers.steps.targets import guest

# As far as an installation gets before its reboot.
_PENDING = "InstallPending"
_PUT_IN = frozenset({"Installed", _PENDING})
_PAUSE_SECONDS = 2.0
_PENDING_PAUSE_SECONDS = 2.0
# Two probes in a row with one boot id: Hyper-V's second automatic reboot comes within seconds of the first logon.
_STABLE_PROBES = 2
# A reboot that is still pending after this many stable probes will not come by itself.
_PENDING_PROBES = 30


class InstallRole(Ensure):
    """Install Windows features in the node, without restarting it."""

    action: ClassVar[str] = "InstallRole"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when every feature is installed, or waits for the reboot only."""
        found = guest(ctx).read("Get-NestedRole", feature=list(ctx.params["features"]))
        missing = [row["name"] for row in found["features"] if row["install_state"] not in _PUT_IN]
        if missing or not found["features"]:
            return NotYet(f"not installed: {', '.join(missing)}")
        waits = any(row["install_state"] == _PENDING for row in found["features"])
        return Checked(_role_fact(ctx, {"restart_needed": waits or found["pending_reboot"]}))

    def apply(self, ctx: StepContext) -> Applied:
        """Install. Takes minutes; the host relays its progress. The DISM way is used by the function itself, once."""
        features = list(ctx.params["features"])
        ctx.report(None, f"installing {', '.join(features)}")
        answer = guest(ctx).change("Install-NestedRole", feature=features)
        if answer["used_dism"]:
            ctx.warn("ROLE_BY_DISM", exit_code=answer["exit_code"])
        return Applied(_role_fact(ctx, answer))

    def verify(self, ctx: StepContext) -> Facts:
        """See every feature installed or pending; whether a restart is needed is what the installation answered."""
        read_back(self.check(ctx))
        return {}


class RebootGuest(ReadOnly):
    """Restart the guest once and wait until it stays up: another boot id, twice the same, nothing pending.

    The boot id of before is put into the ledger (by a first, empty wait) before the restart is asked for. So a worker
    that takes over sees whether the restart happened already, and never asks for a second one.
    """

    action: ClassVar[str] = "RebootGuest"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when nothing needs a reboot. Once one is under way only `apply` decides."""
        if ctx.memo.get("before"):
            return NotYet("the restart is under way")
        found = guest(ctx).read("Get-NestedBootIdentity")
        if found["pending_reboot"] or _role_waits(ctx, found["boot_id"]):
            return NotYet("a reboot is pending")
        return Checked({f"node.{ctx.node}.boot_id": found["boot_id"]})

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Note the boot id; restart; then watch, each time for some seconds."""
        before = str(ctx.memo.get("before") or "")
        if not before:
            identity = guest(ctx).read("Get-NestedBootIdentity")
            return Wait(0.0, {"before": identity["boot_id"]}, "noted the boot identity")
        if not ctx.memo.get("asked"):
            return _restart(ctx, before)
        return _watch(ctx, before)


def _restart(ctx: StepContext, before: str) -> Wait:
    inside = guest(ctx)
    if inside.read("Get-NestedBootIdentity")["boot_id"] == before:
        ctx.report(None, "restarting the guest")
        inside.change("Restart-NestedGuest")
    return Wait(_PAUSE_SECONDS, {"before": before, "asked": True}, "waiting for the guest to come back")


def _watch(ctx: StepContext, before: str) -> Applied | Wait:
    answer = await_guest(ctx, not_boot_id=before)
    if not answer["reached"]:
        return _again(before, {}, f"waiting for the guest to come back: {answer['stage']}")
    seen = answer["boot_id"]
    stable = int(ctx.memo.get("stable", 0)) + 1 if ctx.memo.get("seen") == seen else 1
    if answer["pending_reboot"]:
        return _still_pending(ctx, before, seen, stable)
    if stable < _STABLE_PROBES:
        return _again(before, {"seen": seen, "stable": stable}, "the guest is back, looking once more")
    return Applied({f"node.{ctx.node}.boot_id": seen})


def _still_pending(ctx: StepContext, before: str, seen: str, stable: int) -> Applied | Wait:
    if stable < _PENDING_PROBES:
        message = "the guest is back, its second restart is pending"
        return _again(before, {"seen": seen, "stable": stable}, message, _PENDING_PAUSE_SECONDS)
    if ctx.claim.attempt == 1:
        # Retryable: the next attempt has no memo, sees the pending reboot and restarts the guest once more.
        raise NotConverged("the guest restarted, but another reboot is still pending")
    # Two restarts did not clear it: some software renames a file at every boot. The proofs that follow decide.
    ctx.warn("REBOOT_STILL_PENDING", boot_id=seen)
    return Applied({f"node.{ctx.node}.boot_id": seen})


def _again(before: str, more: Mapping[str, Any], message: str, seconds: float = _PAUSE_SECONDS) -> Wait:
    return Wait(seconds, {"before": before, "asked": True, **more}, message)


def _role_fact(ctx: StepContext, answer: Mapping[str, Any]) -> dict[str, Any]:
    boot_id = guest(ctx).read("Get-NestedBootIdentity")["boot_id"]
    needed = answer["restart_needed"] in (True, "Yes", "Maybe")
    return {f"node.{ctx.node}.role": {"restart_needed": needed, "boot_id": boot_id}}


def _role_waits(ctx: StepContext, boot_id: str) -> bool:
    # Some builds do not report the reboot that a role needs (docs/sources.md H11). Still the boot that the role was
    # installed in: not yet restarted.
    role = ctx.facts.get(f"node.{ctx.node}.role") or {}
    return bool(role.get("restart_needed")) and role.get("boot_id") == boot_id
