"""A lab goes down and comes up in order: nested VMs, cluster, nodes, and back. Each is seen to have happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workers.errors import NotConverged, RemoteError
from workers.psrp.port import HostPort
from workers.steps.base import Applied, Checked, Ensure, NotYet, ReadOnly, StepContext, Wait
from workers.steps.cluster import first_node, settle, state_of
from workers.steps.node import read_node
from workers.steps.targets import cluster_of, guest, guest_of

_RUNNING = "Running"
_UP = "Up"
_STOPPED = frozenset({"Off", "Saved"})
_GONE = "Matryoshka.VmNotFound"
# A boot starts the cluster service by itself; only when it has not come by then it is started.
_FORCED_TRY = 4


class MarkPower(ReadOnly):
    """Say what the lab's power is: the ledger's move writes it into the lab's record."""

    action: ClassVar[str] = "MarkPower"

    def apply(self, ctx: StepContext) -> Applied:
        """Record it."""
        return Applied({"lab.power": ctx.params["power"]})


class NoteNestedVMs(ReadOnly):
    """Note which VMs run in a node, whoever made them, so that they can be started again."""

    action: ClassVar[str] = "NoteNestedVMs"

    def apply(self, ctx: StepContext) -> Applied:
        """Record ids and names in a fixed order; a node that is off has what an earlier stop noted."""
        fact = f"node.{ctx.node}.nested"
        noted = list(ctx.facts.get(fact) or ()) if ctx.params.get("again") else []
        if _is_running(ctx, ctx.node):
            known = {vm["vm_id"] for vm in noted}
            noted += [vm for vm in _running_inside(ctx) if vm["vm_id"] not in known]
        return Applied({fact: noted})


class StopNestedVMs(Ensure):
    """Save or shut down every VM that runs in a node."""

    action: ClassVar[str] = "StopNestedVMs"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when none runs, or the node does not."""
        if not _is_running(ctx, ctx.node):
            return Checked()
        left = _running_inside(ctx)
        return NotYet(f"running: {', '.join(vm['name'] for vm in left)}") if left else Checked()

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Put the list into the ledger first: whoever takes over asks for the same calls in the same order."""
        if "stop" not in ctx.memo:
            return Wait(0.0, {"stop": _running_inside(ctx)}, "noted what runs")
        save = bool(ctx.params.get("save"))
        for vm in ctx.memo["stop"]:
            ctx.report(None, f"{'saving' if save else 'shutting down'} {vm['name']}")
            _unless_gone(ctx, "Stop-NestedNode", vm, save=save)
        return Applied()


class StopCluster(Ensure):
    """Stop the cluster as a whole and see its service stopped on every node."""

    action: ClassVar[str] = "StopCluster"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the cluster service runs on no node; a node that is off runs none."""
        left = [name for name in ctx.params["nodes"] if _serves(ctx, name)]
        return NotYet(f"the cluster service runs on {', '.join(left)}") if left else Checked()

    def apply(self, ctx: StepContext) -> Applied:
        """Stop it from the first node that takes part in it; a cluster of another name is refused."""
        ctx.report(None, f"stopping cluster {ctx.params['name']}")
        for name in ctx.params["nodes"]:
            if _is_running(ctx, name) and cluster_of(ctx, name).read("Get-NestedCluster")["exists"]:
                cluster_of(ctx, name).change("Stop-NestedCluster", name=ctx.params["name"])
                break
        return Applied()


class StartCluster(Ensure):
    """See the cluster service up on every node; where a boot did not start it, it is started."""

    action: ClassVar[str] = "StartCluster"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when all nodes are Up: then there is quorum."""
        found = first_node(ctx).read("Get-NestedCluster")
        down = _not_up(ctx, found)
        return NotYet(f"not up: {', '.join(down)}") if down else Checked({"cluster.state": found})

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Wait for it; a node that stays down is refused with NODE_DOWN."""
        if int(ctx.memo.get("tries", 0)) == _FORCED_TRY:
            ctx.report(None, "starting the cluster service")
            first_node(ctx).change("Start-NestedCluster")
        found = first_node(ctx).read("Get-NestedCluster")
        down = _not_up(ctx, found)
        return settle(ctx, f"not up: {', '.join(down)}") if down else Applied()


class StartNestedVMs(Ensure):
    """Start the VMs that ran in a node before it was stopped."""

    action: ClassVar[str] = "StartNestedVMs"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when all of them run, except those that are not there any more."""
        left = [vm["name"] for vm in _present(ctx) if vm["state"] != _RUNNING]
        return NotYet(f"not running: {', '.join(left)}") if left else Checked()

    def apply(self, ctx: StepContext) -> Applied:
        """Start each, in the order in which they were noted; one that is gone is named in a warning."""
        for vm in _noted(ctx):
            ctx.report(None, f"starting {vm['name']}")
            _unless_gone(ctx, "Start-NestedNode", vm)
        return Applied()


def _is_running(ctx: StepContext, node: str) -> bool:
    state = str(read_node(ctx, ctx.fact(f"node.{node}.vm_id"))["state"])
    if state != _RUNNING and state not in _STOPPED:
        raise NotConverged(f"the VM {node} is {state}")
    return state == _RUNNING


def _inside(ctx: StepContext) -> list[dict[str, Any]]:
    return list(guest(ctx).read("Get-NestedHostReport")["vms"])


def _running_inside(ctx: StepContext) -> list[dict[str, str]]:
    found = [{"vm_id": vm["vm_id"], "name": vm["name"]} for vm in _inside(ctx) if vm["state"] not in _STOPPED]
    return sorted(found, key=lambda vm: vm["vm_id"])


def _noted(ctx: StepContext) -> list[Mapping[str, str]]:
    return list(ctx.facts.get(f"node.{ctx.node}.nested") or ())


def _present(ctx: StepContext) -> list[dict[str, Any]]:
    noted = {vm["vm_id"] for vm in _noted(ctx)}
    return [vm for vm in _inside(ctx) if vm["vm_id"] in noted] if noted else []


def _unless_gone(ctx: StepContext, function: str, vm: Mapping[str, str], **parameters: Any) -> None:
    try:
        guest(ctx).change(function, vm_id=vm["vm_id"], **parameters)
    except RemoteError as error:
        if not error.is_id(_GONE):
            raise
        ctx.warn("NESTED_VM_GONE", node=ctx.node, name=vm["name"])


def _serves(ctx: StepContext, node: str) -> bool:
    if not _is_running(ctx, node):
        return False
    port: HostPort = guest_of(ctx, node)
    return bool(port.read("Get-NestedCluster")["clus_svc_status"] not in ("Stopped", None))


def _not_up(ctx: StepContext, found: Mapping[str, Any]) -> list[str]:
    return [name for name in ctx.params["nodes"] if state_of(found, name) != _UP]
