"""What jobs on a living lab have in common: whether the lab can be worked on, and how its guests are reached. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.ledger.nesting.judging import error
from service.ledger.plan import Finding, PlanContext, Step
from service.ledger.plans.layout import Layout, NodePlace, layout_of
from service.ledger.plans.living import built_request, lab_context, lab_facts, lab_nodes
from service.ledger.plans.nominal import make_step

RUNNING, STOPPING, STOPPED, STARTING = "running", "stopping", "stopped", "starting"
_RECORD = "the lab's record"
_POINTER = "#/lab_id"


def work_findings(context: PlanContext, *powers: str) -> tuple[Finding, ...]:
    """Return why the lab cannot be worked on; nothing when it can. `powers`: those that it may be in."""
    return tuple(_findings(context, powers or (RUNNING,)))


def power_of(context: PlanContext) -> str:
    """Return the lab's power: running, stopping, stopped or starting. The middle two stay when their job breaks off."""
    return str(lab_facts(context).get("lab.power") or RUNNING)


def living_layout(context: PlanContext) -> tuple[Layout, tuple[NodePlace, ...]]:
    """Return the lab's layout, and the places of the nodes that were made."""
    layout, known = layout_of(built_request(context), lab_context(context)), lab_nodes(context)
    return layout, tuple(place for place in layout.nodes if place.name in known)


def mark_power(power: str, *needs: str) -> Step:
    """Return the step that writes the lab's power into its record."""
    return make_step("MarkPower", f"mark-{power}", f"The lab is {power}", needs=needs, params={"power": power})


def reaching(steps: Iterable[Step], built: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return the steps with what they must know of the request that built the lab: the job's own does not say it.

    That is how guests are reached and as whom. No secret is in it.
    """
    smoke = (built.get("smoke_test") or {}).get("guest") or {}
    known = {
        "guest": _named(built["guest"], "access", "username"),
        "identity": dict(built["identity"]),
        "smoke_test": {"guest": _named(smoke, "username")},
    }
    return tuple(step._replace(params={**step.params, **known}) for step in steps)


def _named(holder: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: holder[name] for name in names if name in holder}


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
