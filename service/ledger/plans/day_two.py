"""What jobs on a living lab have in common: whether the lab can be worked on, and how its guests are reached. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.ledger.nesting.judging import error
from service.ledger.plan import Finding, PlanContext
from service.ledger.plans.layout import Layout, NodePlace, layout_of
from service.ledger.plans.living import built_request, lab_context, lab_facts, lab_nodes

RUNNING, STOPPED = "running", "stopped"
_RECORD = "the lab's record"
_POINTER = "#/lab_id"


def work_findings(context: PlanContext, *powers: str) -> tuple[Finding, ...]:
    """Return why the lab cannot be worked on; nothing when it can. `powers`: those that it may be in."""
    return tuple(_findings(context, powers or (RUNNING,)))


def power_of(context: PlanContext) -> str:
    """Return the lab's power: running, stopping, stopped or starting."""
    return str(lab_facts(context).get("lab.power") or RUNNING)


def living_layout(context: PlanContext) -> tuple[Layout, tuple[NodePlace, ...]]:
    """Return the lab's layout, and the places of the nodes that were made."""
    layout, known = layout_of(built_request(context), lab_context(context)), lab_nodes(context)
    return layout, tuple(place for place in layout.nodes if place.name in known)


def ways_in(built: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a step's parameters say about its guests: how they are reached and as whom. No secret is in it."""
    guest = {name: built["guest"][name] for name in ("access", "username") if name in built["guest"]}
    return {"guest": guest, "identity": dict(built["identity"])}


def _findings(context: PlanContext, powers: tuple[str, ...]) -> Iterator[Finding]:
    state, power = (context.lab or {}).get("state", "ready"), power_of(context)
    if not lab_nodes(context):
        reason = "The lab has no nodes of its own."
        yield error("LAB_WITHOUT_NODES", reason, "Name a lab that a build made.", _RECORD, _POINTER)
    elif state != "ready":
        remedy = "Retry the job that builds it, or tear it down."
        yield error("LAB_NOT_READY", f"The lab is {state}.", remedy, _RECORD, _POINTER)
    elif power not in powers:
        remedy = "Start it (start_lab)." if RUNNING in powers else "Wait, or retry the job that left it so."
        yield error("LAB_POWER", f"The lab is {power}.", remedy, _RECORD, _POINTER)
    if (lab_facts(context).get("lab.rotation") or {}).get("state") == "begun":
        reason = "A rotation of the password stopped half-way: some nodes have the new one, some the old one."
        remedy = "Retry that job, or submit rotate_guest_password again."
        yield error("ROTATION_UNFINISHED", reason, remedy, _RECORD, _POINTER)
