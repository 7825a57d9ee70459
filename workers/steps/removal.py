"""How things are taken away: ours are removed, foreign ones are left alone and named, missing ones are no fault."""

from __future__ import annotations

from typing import Any

from workers.errors import RemoteError
from workers.psrp.port import HostPort
from workers.steps.base import StepContext
from workers.steps.reasons import GUEST_NOT_READY, reason_of

_FOREIGN = ("Matryoshka.NotOwned", "Matryoshka.ClusterForeign")
_GONE = ("Matryoshka.VmNotFound",)
GUEST_GONE = frozenset({GUEST_NOT_READY, "GUEST_CREDENTIAL_REJECTED", "GUEST_MODULE_REFUSED", "VM_MISSING"})
"""Reasons why a guest cannot be asked. Its node goes next, so they must not keep a lab alive."""


def remove_owned(ctx: StepContext, function: str, port: HostPort | None = None, **parameters: Any) -> bool:
    """Call a Remove- function; returns whether something of ours was there.

    A thing of another owner stays and is named in a warning: that is the rule, not a failure. Safe to repeat.
    """
    try:
        answer = (port or ctx.host).change(function, **parameters)
    except RemoteError as error:
        if error.is_id(*_GONE):
            return False
        if not error.is_id(*_FOREIGN):
            raise
        ctx.warn("FOREIGN_LEFT_ALONE", function=function, target=error.target)
        return False
    return bool(answer.get("existed"))


def remove_inside(ctx: StepContext, node: str, function: str, port: HostPort, **parameters: Any) -> bool:
    """Call a Remove- function in a guest; returns whether something of ours was there.

    A node that is off or deaf is named in a warning and is no failure; one that is gone took all with it. Repeatable.
    """
    found = ctx.host.read("Get-NestedNode", vm_id=ctx.fact(f"node.{node}.vm_id"))
    if not found["exists"]:
        return False
    if found["state"] != "Running":
        ctx.warn("LEFT_INSIDE", function=function, node=node, reason=f"the VM is {found['state']}")
        return False
    try:
        return remove_owned(ctx, function, port, **parameters)
    except RemoteError as error:
        reason = reason_of(error)
        if reason is None or reason.code not in GUEST_GONE:
            raise
        ctx.warn("LEFT_INSIDE", function=function, node=node, reason=reason.code)
        return False
