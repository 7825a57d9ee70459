"""A plan as the command shows it: its steps with needs and estimates, what the rules found, and the sum. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from service.commands.showing import Part, Record, Table
from service.commands.tables import Column, Row
from service.commands.text import duration


def _about(step: Any) -> str:
    return duration(step.get("weight_seconds") or 0)


_STEPS_FOR_PEOPLE = (
    Column("#", "number", "id"),
    Column("step", "title"),
    Column("node", rank=2),
    Column("needs", "needed"),
    Column("about", _about, rank=1),
)
_STEPS = (
    Column("id", kind="id"),
    Column("node"),
    Column("needs"),
    Column("weight_seconds"),
    Column("deadline_seconds"),
    Column("heavy"),
    Column("undoable"),
    Column("title"),
)
_FINDINGS = (
    Column("severity", kind="state"),
    Column("reason"),
    Column("remedy", rank=2),
    Column("at", "pointer", rank=4),
    Column("code", kind="id", rank=3),
    Column("source", rank=5),
)
_SUM = (
    Column("kind"),
    Column("host", "host_id", "id"),
    Column("why_this_host", lambda plan: (plan.get("placement") or {}).get("reason")),
    Column("steps", lambda plan: len(plan["steps"])),
    Column("takes", lambda plan: f"about {duration(plan['eta_seconds'])}"),
    Column("at_least", lambda plan: duration(plan["critical_path_seconds"])),
    Column("memory_mib", lambda plan: plan["demand"]["memory_mib"]),
    Column("disk_gib", lambda plan: plan["demand"]["disk_gib"]),
    Column("refused", kind="state"),
)


def plan_parts(plan: dict[str, Any], *, is_for_people: bool) -> Iterator[Part]:
    """Yield the steps, the findings and the sum, which a person sees last, above the next prompt."""
    steps = plan["steps"]
    if is_for_people:
        numbers = {step["id"]: str(place) for place, step in enumerate(steps, 1)}
        rows = [
            {
                **step,
                "number": numbers[step["id"]],
                "needed": [numbers.get(one, one) for one in step.get("needs") or ()],
            }
            for step in steps
        ]
        yield Table("", _STEPS_FOR_PEOPLE, rows)
    else:
        yield Table("", _STEPS, steps)
    yield Table("findings", _FINDINGS, plan["findings"])
    yield Record("plan", _SUM, plan)


def _numbered(steps: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield the steps with numbers in the place of the ids that they need: a table of 60 ids is not read."""
    numbers = {step["id"]: str(place) for place, step in enumerate(steps, 1)}
    for step in steps:
        needed = [numbers.get(one, one) for one in step.get("needs") or ()]
        yield {**step, "number": numbers[step["id"]], "needed": needed}
