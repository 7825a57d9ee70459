"""Nodes: VMs on the host that will run Hyper-V themselves. A node is found by VM id, never by name alone."""

from __future__ import annotations

from typing import Any, ClassVar

from workers.errors import NotConverged, StepRefused
from workers.steps.base import Applied, Checked, Ensure, Facts, NotYet, ReadOnly, StepContext, Wait
from workers.steps.removal import remove_owned

# Hyper-V gives a dynamic MAC address at the first start; until then it reads as zeros.
NO_MAC = "000000000000"
_POLL_SECONDS = 2.0
_POLLS = 6
_CALL_SECONDS = 20


class CreateNode(Ensure):
    """Create the VM with its disks and adapter; a half-made one of ours is completed."""

    action: ClassVar[str] = "CreateNode"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when our VM of this name has every disk, its switch, memory and processors."""
        found = _ours_by_name(ctx)
        if not found["exists"]:
            return NotYet("the VM does not exist")
        differing = _differing(found, ctx)
        return NotYet(f"differs in {', '.join(differing)}") if differing else Checked(identity(ctx.node, found))

    def apply(self, ctx: StepContext) -> Applied:
        """Create or complete the VM; a foreign VM of this name is refused with NAME_TAKEN."""
        ctx.report(None, f"creating VM {ctx.params['name']}")
        made = ctx.host.change(
            "New-NestedNode",
            name=ctx.params["name"],
            owner=ctx.owner,
            memory_mib=int(ctx.params["memory_mib"]),
            processor_count=int(ctx.params["processor_count"]),
            disk_path=ctx.params["disk_path"],
            data_disk_path=list(ctx.params.get("data_disk_paths") or ()),
            switch_name=ctx.params["switch"],
            path=ctx.params["config_path"],
            version=ctx.params.get("version") or "",
        )
        return Applied(identity(ctx.node, made))

    def undo(self, ctx: StepContext) -> None:
        """Turn the VM off and remove it; its files are other steps'."""
        found = _ours_by_name(ctx)
        if found["exists"]:
            remove_owned(ctx, "Remove-NestedNode", vm_id=found["vm_id"], owner=ctx.owner)


class ResolveNode(ReadOnly):
    """Find an existing VM by id or by name, and note whether it runs."""

    action: ClassVar[str] = "ResolveNode"

    def apply(self, ctx: StepContext) -> Applied:
        """Return its facts; raises StepRefused when there is no such VM, more than one of the name, or a lab has it."""
        found = read_node(ctx, ctx.params.get("vm_id") or _id_of_name(ctx))
        _refuse_another_labs(ctx, found)
        running = found["state"] != "Off"
        return Applied({**identity(ctx.node, found), f"node.{ctx.node}.was_running": running})


class StartNode(Ensure):
    """Start the VM and see it Running."""

    action: ClassVar[str] = "StartNode"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when it runs."""
        state = read_node(ctx, ctx.node_fact("vm_id"))["state"]
        return Checked() if state == "Running" else NotYet(f"the VM is {state}")

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Start it; short memory is refused by Windows and explained as CAPACITY_RAM."""
        ctx.report(None, "starting the VM")
        ctx.host.change("Start-NestedNode", vm_id=ctx.node_fact("vm_id"))
        return _wait_for(ctx, "Running")

    def undo(self, ctx: StepContext) -> None:
        """Stop what this step started: a VM of the lab is turned off, somebody's own is shut down."""
        found = ctx.host.read("Get-NestedNode", vm_id=ctx.node_fact("vm_id"))
        if not found["exists"] or found["state"] == "Off":
            return
        turn_off = f"node.{ctx.node}.was_running" not in ctx.facts
        ctx.host.change("Stop-NestedNode", vm_id=found["vm_id"], turn_off=turn_off)


class StopNode(Ensure):
    """Shut the VM down (or turn it off) and see it Off."""

    action: ClassVar[str] = "StopNode"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when it is Off; raises StepRefused for a saved VM, whose memory a stop would throw away."""
        state = read_node(ctx, ctx.node_fact("vm_id"))["state"]
        if state in ("Saved", "FastSaved"):
            raise StepRefused("the VM is saved", reason="VM_SAVED", remedy="Start it, or remove its saved state.")
        return Checked() if state == "Off" else NotYet(f"the VM is {state}")

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Stop it; a running VM that is not ours only when the caller allowed that."""
        _refuse_uninvited_stop(ctx)
        ctx.report(None, "stopping the VM")
        turn_off = bool(ctx.params.get("turn_off"))
        ctx.host.change("Stop-NestedNode", vm_id=ctx.node_fact("vm_id"), turn_off=turn_off)
        return _wait_for(ctx, "Off")

    def undo(self, ctx: StepContext) -> None:
        """Start somebody's VM again when it ran before."""
        if ctx.facts.get(f"node.{ctx.node}.was_running"):
            ctx.host.change("Start-NestedNode", vm_id=ctx.node_fact("vm_id"))


def read_node(ctx: StepContext, vm_id: str) -> dict[str, Any]:
    """Return the node record of a VM; raises StepRefused when the host has no such VM."""
    found = ctx.host.read("Get-NestedNode", vm_id=vm_id)
    if not found["exists"]:
        message = f"the host has no VM {vm_id}"
        raise StepRefused(message, reason="VM_MISSING", remedy="Tear the lab down, or give another VM.")
    return found


def identity(node: str, found: dict[str, Any]) -> Facts:
    """Return the facts that name a VM: its id and, once it has one, its first adapter's MAC address."""
    facts = {f"node.{node}.vm_id": found["vm_id"]}
    mac = first_mac(found)
    return {**facts, f"node.{node}.mac": mac} if mac else facts


def first_mac(found: dict[str, Any]) -> str:
    """Return the first adapter's MAC address as 12 hex digits; '' as long as Hyper-V has given none."""
    adapters = found["adapters"] or [{}]
    mac = str(adapters[0].get("mac_address") or "")
    return "" if mac == NO_MAC else mac


def _ours_by_name(ctx: StepContext) -> dict[str, Any]:
    return ctx.host.read("Get-NestedNode", name=ctx.params["name"], owner=ctx.owner)


def _differing(found: dict[str, Any], ctx: StepContext) -> list[str]:
    disks = {path.lower() for path in found["disks"]}
    wanted = {path.lower() for path in (ctx.params["disk_path"], *(ctx.params.get("data_disk_paths") or ()))}
    switches = {adapter["switch_name"] for adapter in found["adapters"]}
    same = {
        "disks": wanted <= disks,
        "switch": ctx.params["switch"] in switches,
        "memory": found["memory_startup_mib"] == int(ctx.params["memory_mib"]),
        "processors": found["processor_count"] == int(ctx.params["processor_count"]),
    }
    return [name for name, is_same in same.items() if not is_same]


def _id_of_name(ctx: StepContext) -> str:
    name = ctx.params["name"]
    vms = ctx.host.read("Get-NestedHostReport")["vms"]
    ids = [vm["vm_id"] for vm in vms if vm["name"].lower() == name.lower()]
    if len(ids) == 1:
        return str(ids[0])
    reason = "VM_NAME_AMBIGUOUS" if ids else "VM_MISSING"  # VM names are not unique in Hyper-V
    raise StepRefused(f"{len(ids)} VMs are named {name}", reason=reason, remedy="Give the VM's id.")


def _refuse_another_labs(ctx: StepContext, found: dict[str, Any]) -> None:
    # Whose a lab is was checked when it was named: its nodes have no other door, which would be open to every tenant.
    if found["owner"] not in (None, "", ctx.owner):
        message = "the VM is a node of a lab, and the request does not name the lab"
        raise StepRefused(
            message, reason="VM_OF_A_LAB", remedy="Give the lab and its node (target.lab_id, target.node)."
        )


def _refuse_uninvited_stop(ctx: StepContext) -> None:
    # Only jobs on somebody's VM have this choice; a lab's own nodes are ours to stop.
    if not ctx.claim.request.get("stop_if_running", True):
        message = "the VM is running and the request does not allow stopping it"
        raise StepRefused(message, reason="VM_NOT_OFF", remedy="Shut it down, or send stop_if_running: true.")


def _wait_for(ctx: StepContext, stage: str) -> Applied | Wait:
    vm_id = ctx.node_fact("vm_id")
    answer = ctx.host.call("Wait-NestedNode", vm_id=vm_id, stage=stage, timeout_seconds=_CALL_SECONDS)
    if answer["reached"]:
        return Applied()
    message = f"the VM is {answer['state']}, not {stage}"
    tries = int(ctx.memo.get("tries", 0)) + 1
    if tries > _POLLS:
        # Retryable: the next attempt asks anew, also when the VM went the other way meanwhile.
        raise NotConverged(message)
    return Wait(_POLL_SECONDS, {"tries": tries}, message)
