"""A new password for the administrator of a lab's nodes: set with the one that a node has, proved by a new session.

A node has the new password, the lab's present one, or one of a rotation that never ended. The new one is tried first,
so whoever takes a broken step over does not ask with a password that is gone. Each node's own state is a fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from workers.errors import NotConverged, RemoteError, StepRefused
from workers.steps.base import Applied, Checked, Ensure, NotYet, ReadOnly, StepContext
from workers.steps.reasons import GUEST_CREDENTIAL_REJECTED, is_rejected
from workers.steps.targets import NEW_PASSWORD, guest_as

_PRESENT = "guest_administrator"
_PENDING = "guest_administrator_pending_"
_MOST_PENDING = 9  # each is a failed logon, and Windows may lock an account after ten


class BeginRotation(ReadOnly):
    """Keep the new password with the lab before any node gets it: the ledger's move does so when this step is done."""

    action: ClassVar[str] = "BeginRotation"

    def apply(self, ctx: StepContext) -> Applied:
        """Open the new password, so that one that no worker can read stops the job before it changes anything."""
        ctx.secrets.get(NEW_PASSWORD)
        return Applied({"lab.rotation": {"state": "begun", "job_id": ctx.claim.job_id}})


class RotatePassword(Ensure):
    """Set the new password in one node and log on with it."""

    action: ClassVar[str] = "RotatePassword"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when a session with the new password opens."""
        return Checked(_has_it(ctx)) if _opens(ctx, NEW_PASSWORD) else NotYet("the node has another password")

    def apply(self, ctx: StepContext) -> Applied:
        """Set it, logged on with the password that the node has; raises StepRefused when none of ours is that."""
        inside, user = guest_as(ctx, ctx.node, _present(ctx))
        ctx.report(None, f"setting the password of {user}")
        try:
            inside.change("Set-NestedGuestPassword", user_name=user, password=ctx.secrets.get(NEW_PASSWORD))
        except RemoteError as error:
            # An earlier claim's call may have set it after we looked.
            if not is_rejected(error) or not _opens(ctx, NEW_PASSWORD):
                raise
        return Applied(_has_it(ctx))


class CommitRotation(ReadOnly):
    """See that every node has it; the ledger's move then makes the new password the lab's own."""

    action: ClassVar[str] = "CommitRotation"

    def apply(self, ctx: StepContext) -> Applied:
        """Refuse while a node lacks it; raises NotConverged."""
        job, nodes = ctx.claim.job_id, list(ctx.params["nodes"])
        lacking = [name for name in nodes if ctx.facts.get(f"node.{name}.password") != job]
        if lacking:
            raise NotConverged(f"not rotated: {', '.join(lacking)}")
        return Applied({"lab.rotation": {"state": "done", "job_id": job, "nodes": nodes}})


def _has_it(ctx: StepContext) -> Mapping[str, Any]:
    # Not the password: which job set it.
    return {f"node.{ctx.node}.password": ctx.claim.job_id}


def _opens(ctx: StepContext, secret: str) -> bool:
    inside, _ = guest_as(ctx, ctx.node, secret)
    try:
        inside.read("Get-NestedBootIdentity")
    except RemoteError as error:
        if not is_rejected(error):
            raise
        return False
    return True


def _present(ctx: StepContext) -> str:
    for secret in _candidates(ctx):
        if _opens(ctx, secret):
            return secret
    message = "the node accepts neither the lab's password nor the new one"
    remedy = "Give the password that the node really has as present_password."
    raise StepRefused(message, reason=GUEST_CREDENTIAL_REJECTED, remedy=remedy)


def _candidates(ctx: StepContext) -> Iterator[str]:
    # The pending one of this very job is the new password, which was tried.
    tried = [ctx.secrets.get(NEW_PASSWORD)]
    for secret in (_PRESENT, *(f"{_PENDING}{number}" for number in range(1, _MOST_PENDING + 1))):
        if ctx.secrets.has(secret) and ctx.secrets.get(secret) not in tried:
            tried.append(ctx.secrets.get(secret))
            yield secret
