"""A page for each job kind: what it does, what it takes, its plan, what each step checks, and how it can fail."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

from docs.making.actions import Action, Failure, action_of
from docs.making.findings import plan_findings
from docs.making.markdown import block, code, codes, page, plain, table, yes
from docs.making.members import members
from docs.making.pictures import plan_picture
from docs.making.plans import example_plan, example_text, other_plans
from schemas.kinds import REQUEST_SCHEMAS
from service.ledger.plan import Plan, Step
from service.ledger.plans import BUILDERS


def kind_pages() -> Iterator[tuple[str, str]]:
    """Yield path below docs/ and text of each kind's page and picture."""
    for kind in BUILDERS:
        plan = example_plan(kind)
        yield f"kinds/{kind}.md", _page(kind, plan)
        yield f"images/plans/{kind}.svg", plan_picture(plan)


def _page(kind: str, plan: Plan) -> str:
    schema = REQUEST_SCHEMAS[kind].__name__.removesuffix("Schema")
    names, chosen = dict.fromkeys(step.action for step in plan.steps), chosen_actions(kind)
    others = [name for name in chosen if name not in names]
    actions = [action_of(name) for name in [*names, *others]]
    return page(
        f"`{kind}`",
        _summary(kind),
        "## Request",
        f"[examples/{kind}.json](../../examples/{kind}.json):",
        block(f"json {schema}", example_text(kind)),
        members(schema),
        "## Plan",
        _totals(plan),
        f"![The plan of the example: a lane a node, time from left to right](../images/plans/{kind}.svg)",
        table(("step", "what it does", "after", "seconds", "deadline", "marks"), map(_step_row, plan.steps)),
        "`heavy` steps count against the host's bound of heavy steps; what is `undone` is taken back by a "
        "rollback. Seconds are "
        "estimates for a healthy host, and jobs learn from what earlier ones took.",
        "## What each step checks",
        "A step is skipped only when its check passes on the host at that moment.",
        f"Other choices (a domain, Storage Spaces Direct, another kind of lab) also bring {codes(others)}."
        if others
        else "",
        *(_action(action) for action in actions),
        "## When it fails",
        _before(kind),
        _during(actions),
        "Besides these a step can meet what any step can: a host that is away, a wrong password, a deadline "
        "([problems.md](../problems.md#of-a-step)).",
    )


def chosen_actions(kind: str) -> list[str]:
    """Return the actions that choices of a request or of a lab bring, in the order of their plans."""
    return list(dict.fromkeys(step.action for plan in other_plans(kind) for step in plan.steps))


def _summary(kind: str) -> str:
    said = inspect.getdoc(import_module(BUILDERS[kind].__module__)) or ""
    first = said.partition("\n")[0].partition(": ")[2].removesuffix(" Pure.")
    promise = inspect.getdoc(REQUEST_SCHEMAS[kind]) or ""
    return f"{promise.partition(chr(10))[0]} {first[:1].upper()}{first[1:]}"


def _totals(plan: Plan) -> str:
    demand = plan.demand
    taken = (
        f" It reserves {demand.memory_mib} MiB of memory and {demand.disk_gib} GiB of disk."
        if demand.memory_mib
        else ""
    )
    path = round(plan.critical_path_seconds())
    return f"The example's plan has {len(plan.steps)} steps; its longest chain is estimated at {path} seconds.{taken}"


def _step_row(step: Step) -> tuple[str, ...]:
    marks = ", ".join(word for word, is_so in (("heavy", step.heavy), ("undone", step.undoable)) if is_so)
    return code(step.id), step.title, codes(step.needs), f"{step.weight_seconds:g}", str(step.deadline_seconds), marks


def _action(action: Action) -> str:
    parts = (("check", action.check), ("apply", action.apply), ("verify", action.verify), ("undo", action.undo))
    lines = [f"- {name}: {plain(text)}" for name, text in parts if text]
    called = [f"- calls {codes(action.functions)}"] if action.functions else []
    return "\n".join([f"### {action.name}", "", plain(action.purpose), "", *lines, *called])


def _before(kind: str) -> str:
    rows = [
        (code(found.code), found.severity, plain(found.reason), plain(found.remedy)) for found in plan_findings(kind)
    ]
    if not rows:
        return ""
    return "Found before anything is done (an error refuses the job with `cannot-be-built`; " + (
        "rules about the host itself: [nesting-rules.md](../nesting-rules.md)):\n\n"
        + table(("code", "severity", "what was found", "remedy"), rows)
    )


def _during(actions: list[Action]) -> str:
    steps: dict[Failure, dict[str, None]] = {}
    functions: dict[Failure, dict[str, None]] = {}
    for action in actions:
        for failure in action.failures:
            same = replace(failure, of="")
            steps.setdefault(same, {})[action.name] = None
            functions.setdefault(same, {}).update({failure.of: None} if failure.of else {})
    rows = [_failure_row(one, list(steps[one]), list(functions[one])) for one in sorted(steps)]
    if not rows:
        return ""
    return "Found by a step (`error.code` of the job):\n\n" + table(
        ("code", "step", "when", "again by itself", "remedy"), rows
    )


def _failure_row(failure: Failure, names: list[str], functions: list[str]) -> tuple[str, ...]:
    when = f"{failure.meaning} of {codes(functions)}" if functions else plain(failure.meaning)
    return code(failure.code), ", ".join(names), when, yes(failure.retryable), plain(failure.remedy)
