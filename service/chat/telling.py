"""An event, told to people: once as Slack's blocks, once as a card of Teams. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.chat import blocks, cards
from service.ledger.event import Event, EventType

APPROVE, REJECT = "approve_job", "reject_job"
WAITS_FOR_APPROVAL = "job.waiting_approval"
_MOODS = {
    EventType.JOB_SUCCEEDED: "good",
    EventType.LAB_READY: "good",
    EventType.JOB_FAILED: "bad",
    EventType.JOB_EXPIRED: "bad",
    EventType.STEP_FAILED: "bad",
    EventType.ENDPOINT_DISABLED: "bad",
    EventType.JOB_CANCELLED: "warning",
    EventType.STEP_WARNED: "warning",
    EventType.STEP_LOST: "warning",
    EventType.LAB_EXPIRED: "warning",
}
_SIGNS = {"good": "✅", "bad": "❌", "warning": "⚠️"}
_BAR = 10
_KINDS = {"nested_cluster": "nested cluster", "nested_host": "nested host", "verify_lab": "verification"}
_VERBS = {
    "job.queued": "is accepted",
    "job.waiting": "is accepted and waits for room on its host",
    "job.scheduled": "is accepted and will start later",
    WAITS_FOR_APPROVAL: "waits for an approval",
    "job.started": "has started",
    "job.cancelling": "is being cancelled",
    "job.rolling_back": "is being rolled back",
    "job.retried": "goes on",
    "job.succeeded": "is done",
    "job.failed": "has failed",
    "job.cancelled": "is cancelled",
    "job.expired": "was not done in time",
    "step.succeeded": "is on its way",
    "step.skipped": "is on its way",
}


@dataclass(frozen=True)
class About:
    """What is known of the event's job when it is told; '' or None for what is not."""

    kind: str = ""
    name: str = ""
    host: str = ""
    percent: int | None = None

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> About:
        """Take it from a claim."""
        percent = found.get("percent")
        return cls(
            str(found.get("kind", "")),
            str(found.get("name", "")),
            str(found.get("host", "")),
            None if percent is None else int(percent),
        )


@dataclass(frozen=True)
class Notice:
    """One event in words. `mood` is '', `good`, `warning` or `bad`."""

    title: str
    facts: Sequence[tuple[str, str]]
    text: str = ""
    mood: str = ""
    link: str = ""
    buttons: Sequence[Mapping[str, Any]] = field(default=())


def notice_of(event: Event, about: About, base_url: str = "") -> Notice:
    """Return what is told of an event to people who may not know its job: Slack channels and Teams."""
    pairs = (
        ("Job", event.job_id),
        ("Kind", about.kind),
        ("Lab", about.name or event.lab_id),
        ("Host", about.host),
        ("Step", event.step_id),
        ("Node", event.node),
        ("Progress", _percent(event, about)),
        ("Message", str(event.data.get("message", ""))),
    )
    link = f"{base_url.rstrip('/')}/v1/jobs/{event.job_id}" if base_url and event.job_id else ""
    title = str(event.type).replace(".", " ").replace("_", " ").capitalize()
    facts = tuple((name, value) for name, value in pairs if value)
    return Notice(title, facts, _error_text(event), _MOODS.get(event.type, ""), link)


def progress_of(event: Event, about: About, base_url: str = "") -> Notice:
    """Return the same for the one who asked for the job: a sentence, and how far it is."""
    told = notice_of(event, about, base_url)
    what = f"{_KINDS.get(about.kind, about.kind.replace('_', ' ')) or 'job'} {about.name}".strip()
    title = f"{what[:1].upper()}{what[1:]} {_VERBS.get(str(event.type), 'is on its way')}"
    keep = ("Job", "Host", "Progress", "Step")
    facts = [(name, value) for name, value in told.facts if name in keep]
    approvals = _approval_buttons(event.job_id) if str(event.type) == WAITS_FOR_APPROVAL else ()
    return Notice(title, facts, told.text, told.mood, told.link, approvals)


def slack_message(notice: Notice, **options: Any) -> dict[str, Any]:
    """Return a Slack message; `options` are members such as `replace_original`."""
    sign = _SIGNS.get(notice.mood, "")
    parts = [blocks.header(f"{sign} {notice.title}".strip())]
    if notice.facts:
        parts.append(blocks.facts(notice.facts))
    if notice.text:
        parts.append(blocks.section(blocks.escaped(notice.text)))
    if notice.buttons:
        parts.append(blocks.buttons(*(dict(one) for one in notice.buttons)))
    if notice.link:
        parts.append(blocks.context(f"<{blocks.escaped(notice.link)}|Open the job>"))
    return blocks.message(blocks.escaped(f"{sign} {notice.title}".strip()), parts, **options)


def teams_card(notice: Notice) -> dict[str, Any]:
    """Return the body for a Workflows webhook of Teams."""
    return cards.card(notice.title, notice.facts, notice.text, mood=notice.mood, link=notice.link)


def _percent(event: Event, about: About) -> str:
    percent = 100 if event.type is EventType.JOB_SUCCEEDED else about.percent
    if percent is None or not event.job_id:
        return ""
    done = round(percent * _BAR / 100)
    return f"{'▓' * done}{'░' * (_BAR - done)} {percent} %"


def _error_text(event: Event) -> str:
    error = event.data.get("error")
    if not isinstance(error, Mapping):
        return str(event.data.get("reason", ""))
    parts = (error.get("title"), error.get("detail"), error.get("remedy"))
    return "\n".join(str(part) for part in parts if part)


def _approval_buttons(job_id: str) -> tuple[Mapping[str, Any], ...]:
    return (
        blocks.button("Approve", APPROVE, job_id, style="primary"),
        blocks.button("Reject", REJECT, job_id, style="danger", confirm="The job ends as cancelled."),
    )
