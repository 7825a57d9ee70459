"""How a step reaches a guest: PowerShell Direct by VM id, or WinRM once the guest has its address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workers.psrp.port import GuestTarget, HostPort
from workers.secrets import Credential
from workers.steps.base import StepContext

NEW_PASSWORD = "new_guest_administrator"  # noqa: S105 - the name of a secret, not a secret
_GUEST_SECRET = "guest_administrator"  # noqa: S105 - the name of a secret, not a secret
_JOIN_SECRET = "join_credential"  # noqa: S105 - likewise
_NESTED_SECRET = "nested_guest"  # noqa: S105 - likewise
_ADMINISTRATOR = "Administrator"


def guest(ctx: StepContext) -> HostPort:
    """Return the verbs for the guest of this step's node."""
    return guest_of(ctx, ctx.node)


def guest_of(ctx: StepContext, node: str) -> HostPort:
    """Return the verbs for the guest of another node, for instance a cluster's first one."""
    return ctx.host.guest(_target(ctx, node))


def guest_as(ctx: StepContext, node: str, secret: str) -> tuple[HostPort, str]:
    """Return the verbs for a guest with another of the claim's secrets as password, and the name that logs on."""
    target = replace(_target(ctx, node), credential=secret)
    return ctx.host.guest(target), target.username


def cluster_of(ctx: StepContext, node: str) -> HostPort:
    """Return the verbs for a cluster's first node.

    In a domain the account that joined the nodes is used, since the cluster's objects are made in the directory.
    """
    target = _target(ctx, node)
    if _identity(ctx).get("mode") == "domain":
        account = join_credential(ctx).username
        target = replace(target, credential=_JOIN_SECRET, username=account)
    return ctx.host.guest(target)


def wait_parameters(ctx: StepContext) -> dict[str, Any]:
    """Return who Wait-NestedGuest must ask for: the same way in that the other steps of this node use."""
    target = _target(ctx, ctx.node)
    credential = ctx.secrets.credential(target.credential, target.username)
    if target.computer_name:
        return {"computer_name": target.computer_name, "credential": credential}
    return {"vm_id": target.vm_id, "credential": credential}


def join_credential(ctx: StepContext) -> Credential:
    """Return the account that joins nodes to the domain; raises SecretUnavailable."""
    given = _part(_identity(ctx), _JOIN_SECRET)
    return ctx.secrets.credential(_JOIN_SECRET, str(given.get("username") or _ADMINISTRATOR))


def nested_credential(ctx: StepContext) -> Credential | None:
    """Return the credential of a nested VM's own guest; None when the caller gave none."""
    if not ctx.secrets.has(_NESTED_SECRET):
        return None
    request = ctx.claim.request
    given = _part(_given(ctx, "smoke_test"), "guest") or _part(_part(request, "nested_vm"), "guest")
    return ctx.secrets.credential(_NESTED_SECRET, str(given.get("username") or _ADMINISTRATOR))


def _target(ctx: StepContext, node: str) -> GuestTarget:
    given = _given(ctx, "guest")
    # Before ConfigureGuest there is no address fact: the guest is reached through the VM bus whatever the mode.
    by_winrm = given.get("access") == "winrm"
    address = str(ctx.facts.get(f"node.{node}.address") or "") if by_winrm else ""
    return GuestTarget(
        vm_id=str(ctx.fact(f"node.{node}.vm_id")),
        credential=_GUEST_SECRET,
        computer_name=address,
        username=str(given.get("username") or _ADMINISTRATOR),
    )


def _identity(ctx: StepContext) -> Mapping[str, Any]:
    return _given(ctx, "identity")


def _given(ctx: StepContext, name: str) -> Mapping[str, Any]:
    # A job on a lab (teardown, verify_lab) carries what built its lab as a parameter of the step.
    return _part(ctx.params, name) or _part(ctx.claim.request, name)


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, Mapping) else {}
