"""Drift of a living lab: every value is read now and compared with what was asked for. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from workers.errors import RemoteError
from workers.psrp.port import HostPort
from workers.steps.base import Applied, ReadOnly, StepContext
from workers.steps.guest import guest_settings
from workers.steps.node import first_mac
from workers.steps.reasons import reason_of
from workers.steps.removal import GUEST_GONE
from workers.steps.targets import guest

Row = dict[str, Any]
_GUEST_NAMES = ("address", "gateway", "dns_servers", "dns_suffix", "host_entries")


class VerifyNode(ReadOnly):
    """Compare the VM on the host with its expectations."""

    action: ClassVar[str] = "VerifyNode"

    def apply(self, ctx: StepContext) -> Applied:
        """Record one row a value; a VM that is gone is one row, not a failure."""
        found = ctx.host.read("Get-NestedNode", vm_id=ctx.node_fact("vm_id"))
        rows = [_row(ctx, "exists", expected=True, found=found["exists"])]
        if found["exists"]:
            rows += _vm_rows(ctx, found)
        return Applied({f"drift.{ctx.node}.vm": rows})


class VerifyGuest(ReadOnly):
    """Compare the inside of a node with its expectations; on the first node the cluster too."""

    action: ClassVar[str] = "VerifyGuest"

    def apply(self, ctx: StepContext) -> Applied:
        """Record one row a value; a guest that cannot be asked is one row, not a failure."""
        node = ctx.host.read("Get-NestedNode", vm_id=ctx.node_fact("vm_id"))
        if not node["exists"] or node["state"] != "Running":
            state = node["state"] if node["exists"] else "gone"
            return _answers(ctx, [_row(ctx, "guest", expected="answers", found=f"the VM is {state}")])
        try:
            return _answers(ctx, [*_inside_rows(ctx, first_mac(node))])
        except RemoteError as error:
            reason = reason_of(error)
            if reason is None or reason.code not in GUEST_GONE:
                raise
            return _answers(ctx, [_row(ctx, "guest", expected="answers", found=reason.code)])


class PublishDrift(ReadOnly):
    """Put the rows of all nodes together: the drift report. Drift is an answer, not a failure."""

    action: ClassVar[str] = "PublishDrift"

    def apply(self, ctx: StepContext) -> Applied:
        """Record all rows, node by node, and warn about those that differ."""
        rows = [row for name in sorted(ctx.facts) if name.startswith("drift.") for row in ctx.facts[name]]
        for row in rows:
            if not row["ok"]:
                ctx.warn("DRIFT", node=row["node"], check=row["check"])
        return Applied({"lab.drift": rows})


def _answers(ctx: StepContext, rows: list[Row]) -> Applied:
    return Applied({f"drift.{ctx.node}.guest": rows})


def _vm_rows(ctx: StepContext, found: Mapping[str, Any]) -> Iterator[Row]:
    wanted = dict(ctx.params["expectations"])
    spoofing, switch = wanted.pop("mac_address_spoofing", ""), wanted.pop("switch", "")
    for name, expected in wanted.items():
        yield _row(ctx, name, expected=expected, found=found[name])
    for adapter in found["adapters"]:
        label = adapter["name"]
        if spoofing and adapter["switch_name"]:
            yield _row(ctx, f"mac_address_spoofing:{label}", expected=spoofing, found=adapter["mac_address_spoofing"])
    if switch:
        names = [adapter["switch_name"] for adapter in found["adapters"]]
        yield _row(ctx, "switch", expected=switch, found=names) | {"ok": switch in names}


def _inside_rows(ctx: StepContext, mac: str) -> Iterator[Row]:
    inside, wanted = guest(ctx), ctx.params["expectations"]
    found = inside.read("Get-NestedGuestConfiguration", mac_address=mac)
    yield from _configuration_rows(ctx, found)
    yield from _role_rows(ctx, inside)
    if wanted.get("hypervisor_launched"):
        launched = inside.read("Get-NestedHypervisorProof")["hypervisor_launched"]
        yield _row(ctx, "hypervisor_launched", expected=True, found=launched)
    if wanted.get("cluster"):
        yield from _cluster_rows(ctx, inside.read("Get-NestedCluster"))


def _configuration_rows(ctx: StepContext, found: dict[str, Any]) -> Iterator[Row]:
    wanted = ctx.params["expectations"]
    right = guest_settings(found, wanted)
    places = {"address": "addresses"}
    for name in _GUEST_NAMES:
        if wanted.get(name):
            yield _row(ctx, name, expected=wanted[name], found=found[places.get(name, name)]) | {"ok": right[name]}
    for name in ("computer_name", "domain"):
        if wanted.get(name):
            same = str(found[name] or "").lower() == wanted[name].lower()
            yield _row(ctx, name, expected=wanted[name], found=found[name]) | {"ok": same}


def _role_rows(ctx: StepContext, inside: HostPort) -> Iterator[Row]:
    wanted = ctx.params["expectations"]
    if wanted.get("features"):
        for row in inside.read("Get-NestedRole", feature=list(wanted["features"]))["features"]:
            yield _row(ctx, f"feature:{row['name']}", expected="Installed", found=row["install_state"])
    if wanted.get("groups"):
        for row in inside.read("Get-NestedFirewallRule", group=list(wanted["groups"]))["groups"]:
            yield _row(ctx, f"firewall:{row['group']}", expected=True, found=row["enabled"])


def _cluster_rows(ctx: StepContext, found: Mapping[str, Any]) -> Iterator[Row]:
    wanted = ctx.params["expectations"]["cluster"]
    same = str(found["name"] or "").lower() == wanted["name"].lower()
    yield _row(ctx, "cluster", expected=wanted["name"], found=found["name"]) | {"ok": same}
    states = {node["name"].lower(): node["state"] for node in found["nodes"] or ()}
    for name in wanted["nodes"]:
        yield _row(ctx, f"cluster_node:{name}", expected="Up", found=states.get(name.lower()))


def _row(ctx: StepContext, check: str, *, expected: Any, found: Any) -> Row:
    return {"check": check, "node": ctx.node, "expected": expected, "found": found, "ok": bool(expected == found)}
