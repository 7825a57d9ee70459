"""`rotate_guest_password`: one node first, then the others; the lab's own secret is replaced when all have it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Plan, PlanContext, Step
from service.ledger.plans.day_two import living_layout, reaching, work_findings
from service.ledger.plans.guests import guest_reads
from service.ledger.plans.living import built_request
from service.ledger.plans.nominal import make_step

KIND = "rotate_guest_password"
_UNFINISHED = "ROTATION_UNFINISHED"


def build(_request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan. The first node goes alone, so that a password that Windows refuses changes nothing."""
    # What an unfinished rotation forbids to others is what this kind is for.
    findings = tuple(one for one in work_findings(context) if one.code != _UNFINISHED)
    if findings:
        return Plan(KIND, (), findings=findings)
    built = built_request(context)
    _, places = living_layout(context)
    steps = [make_step("BeginRotation", "begin-rotation", "Keep the new password beside the present one")]
    for place in places:
        needs = steps[0].id if place is places[0] else steps[1].id
        steps.append(_rotate(built, place.name, needs))
    ends = [step.id for step in steps[1:]]
    title = "Make the new password the lab's own"
    params = {"nodes": [place.name for place in places]}
    steps.append(
        make_step("CommitRotation", "commit-rotation", title, needs=ends, params=params, reads=_rotated(places))
    )
    return Plan(KIND, reaching(steps, built))


def _rotate(built: Mapping[str, Any], name: str, needs: str) -> Step:
    return make_step(
        "RotatePassword",
        f"rotate-password-{name}",
        f"Set the administrator's password of {name}",
        needs=[needs],
        reads=guest_reads(built, name),
        node=name,
    )


def _rotated(places: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(f"node.{place.name}.password" for place in places)
