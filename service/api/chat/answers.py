"""What Slack users are answered: summaries, lists and refusals, as messages that only they see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.api.job_shapes import plan_body
from service.api.problems import Problem
from service.api.submitting import Planned
from service.chat import blocks
from service.chat.blocks import Block, code, ephemeral, escaped
from service.chat.grammar import EXAMPLES
from service.chat.words import NotUnderstood
from service.ledger.job import Job
from service.ledger.plan import Finding, Severity
from service.ledger.store import Lab

YES, NO = "confirm", "decline"
_MOST_ERRORS = 10
_MOST_FINDINGS = 10
_GIB = 1024
_SIGNS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}  # noqa: RUF001
_BAR = 10


def not_understood(error: NotUnderstood) -> dict[str, Any]:
    """Return the refusal of a command: what, at which word, the nearest word, an example."""
    lines = [escaped(error.reason)]
    if error.word:
        place = f"word {error.place} is " if error.place else ""
        lines.insert(0, f"I do not understand this: {place}{code(error.word)}.")
    if error.nearest and error.nearest != error.word.lower():
        lines.append(f"Did you mean {code(error.nearest)}?")
    if error.example:
        lines.append(f"For example: {code(error.example)}")
    text = "\n".join(lines)
    return ephemeral(text, [blocks.section(text)])


def refused(problem: Problem) -> dict[str, Any]:
    """Return a problem in words: its detail, each fault with its place, the remedy."""
    lines = [f"❌ {escaped(problem.detail)}"]
    lines += [
        f"• {code(str(fault.get('pointer', '#')).removeprefix('#/'))} {escaped(str(fault['detail']))}"
        for fault in problem.errors[:_MOST_ERRORS]
    ]
    remedy = problem.extensions.get("remedy")
    if remedy and not problem.errors:
        lines.append(escaped(str(remedy)))
    text = "\n".join(lines)
    return ephemeral(text, [blocks.section(text)])


def said(text: str) -> dict[str, Any]:
    """Return a sentence; its names are escaped already."""
    return ephemeral(text, [blocks.section(text)])


def confirmation(planned: Planned, pending_id: str) -> dict[str, Any]:
    """Return the summary of a plan with the buttons Build and Cancel; a plan that a rule forbids has no buttons."""
    plan, host = planned.plan, planned.resolved.host
    body = plan_body(planned)
    nodes = planned.request.get("nodes") or {"count": 1, **(planned.request.get("node") or {})}
    title = _title(planned)
    facts = [
        ("Host", host.name if host else "?"),
        ("Nodes", f"{nodes['count']} × {_memory(int(nodes['memory_mib']))}, {nodes['processor_count']} CPUs"),  # noqa: RUF001
        ("Memory in all", _memory(plan.demand.memory_mib)),
        ("Disk in all", f"{plan.demand.disk_gib} GiB"),
        ("Estimate", _minutes(body["eta_seconds"])),
        ("Steps", str(len(plan.steps))),
        (
            "Lease",
            _minutes(planned.request.get("lease_seconds", 0)) if planned.request.get("lease_seconds") else "none",
        ),
    ]
    parts = [blocks.header(title), blocks.facts(facts), *_findings(plan.findings)]
    if not plan.refused:
        parts.append(question("Build", pending_id))
    return ephemeral(escaped(title), parts)


def asked(text: str, verb: str, pending_id: str) -> dict[str, Any]:
    """Return a question with the buttons `verb` (in red) and Cancel; the text's names are escaped already."""
    return ephemeral(text, [blocks.section(text), question(verb, pending_id, style="danger")])


def question(verb: str, pending_id: str, style: str = "primary") -> Block:
    """Return the two buttons of a question."""
    return blocks.buttons(blocks.button(verb, YES, pending_id, style=style), blocks.button("Cancel", NO, pending_id))


def job_message(job: Job) -> dict[str, Any]:
    """Return where a job is."""
    facts = [
        ("Job", job.id),
        ("State", str(job.state)),
        ("Progress", f"{job.progress_percent} %, {job.steps_done} of {job.steps_total} steps"),
        ("Left", _minutes(job.eta_seconds) if job.eta_seconds else ""),
        ("Lab", job.lab_id),
        ("Waits for", job.waiting_for),
    ]
    title = f"{job.kind.replace('_', ' ').capitalize()}: {job.state}"
    parts = [blocks.header(title), blocks.facts([(name, value) for name, value in facts if value])]
    if job.error:
        reasons = [job.error.get(name) for name in ("title", "detail", "remedy")]
        parts.append(blocks.section(escaped("\n".join(str(reason) for reason in reasons if reason))))
    return ephemeral(escaped(title), parts)


def lab_message(lab: Lab) -> dict[str, Any]:
    """Return where a lab is."""
    facts = [
        ("Lab", lab.id),
        ("State", str(lab.state)),
        ("Kind", lab.kind.replace("_", " ")),
        ("Job", lab.job_id),
        ("Memory", _memory(lab.demand.memory_mib)),
    ]
    title = f"{lab.name}: {lab.state}"
    return ephemeral(escaped(title), [blocks.header(title), blocks.facts(facts)])


def lines(title: str, rows: Sequence[str], nothing: str) -> dict[str, Any]:
    """Return a list; its rows are escaped already."""
    if not rows:
        return said(nothing)
    return ephemeral(title, [blocks.header(title), *(blocks.section(row) for row in rows)])


def job_row(job: Job) -> str:
    """Return a job as one line."""
    return f"{code(job.id)} {escaped(job.kind.replace('_', ' '))} *{job.state}* {job.progress_percent} %"


def lab_row(lab: Lab) -> str:
    """Return a lab as one line."""
    return f"*{escaped(lab.name)}* {code(lab.id)} {escaped(lab.kind.replace('_', ' '))} *{lab.state}*"


def help_message(templates: Sequence[str]) -> dict[str, Any]:
    """Return the commands, each by an example."""
    rows = "\n".join(f"• {code(example)}" for example in EXAMPLES.values())
    known = ", ".join(code(name) for name in templates) or "none"
    clauses = "on HOST, named NAME, with 3 nodes, memory 8 GiB, image NAME, lease 8h, template NAME"
    text = f"{rows}\nBehind what is built: {clauses}."
    return ephemeral(
        "What I understand",
        [blocks.header("What I understand"), blocks.section(text), blocks.context(f"Templates: {known}")],
    )


def _title(planned: Planned) -> str:
    request = planned.request
    name = (request.get("cluster") or request.get("node") or {}).get("name", "")
    return f"Build {request['kind'].replace('_', ' ')} {name}?"


def _findings(findings: Sequence[Finding]) -> list[Block]:
    shown = sorted(findings, key=lambda one: list(_SIGNS).index(one.severity))[:_MOST_FINDINGS]
    return [
        blocks.section(f"{_SIGNS[one.severity]} {escaped(one.reason)} {escaped(one.remedy)}".strip()) for one in shown
    ]


def _memory(mib: int) -> str:
    return f"{mib // _GIB} GiB" if mib % _GIB == 0 else f"{mib} MiB"


def _minutes(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004
