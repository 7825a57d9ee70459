"""What is known of a running job, kept from its events: a row a node, the steps that run, and what was said. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from service.commands.text import clean

LAB = "lab"
_DONE = frozenset({"step.succeeded", "step.skipped"})
_STOPPED = frozenset({"step.failed", "step.cancelled", "step.lost", "step.released", "step.waited", "step.retried"})
_UNDONE = "step.undone"
# What a person is told of above the bars; the rest is seen in them.
_TOLD = frozenset({"step.warned", "step.failed", "step.retried", "step.lost", "step.logged", "step.undone", "gap"})


@dataclass
class _Step:
    title: str
    node: str
    weight: float
    percent: int = 0
    is_done: bool = False
    is_running: bool = False
    message: str = ""


@dataclass(frozen=True)
class NodeRow:
    """One bar: what part of the node's work is done, 0 to 100, and what runs there now."""

    node: str
    percent: float
    running: tuple[str, ...]
    is_done: bool


@dataclass(frozen=True)
class Line:
    """Something that was said: `sort` is info, warning or error."""

    time: str
    sort: str
    text: str


@dataclass
class JobPicture:
    """What is drawn of one job. Feed it frames; it may be read by another thread meanwhile."""

    _steps: dict[str, _Step] = field(default_factory=dict)
    state: str = "queued"
    reason: str = ""
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, steps: Sequence[Mapping[str, Any]]) -> JobPicture:
        """Return the picture of a job whose steps the service told; their states come from its events."""
        return cls({step["id"]: _step(step) for step in steps})

    def take(self, event: Mapping[str, Any]) -> tuple[Line, ...]:
        """Take one event; returns what a person should read of it, often nothing."""
        sort, data = str(event.get("type", "")), event.get("data") or {}
        with self._lock:
            if sort.startswith("job."):
                self.state, self.reason = sort.removeprefix("job."), clean(str(data.get("reason") or ""))
            elif sort.startswith("step."):
                self._move(sort, event, data)
        return tuple(lines_of(event)) if sort in _TOLD or sort.startswith("job.") else ()

    def _move(self, sort: str, event: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        step_id = str(event.get("step_id") or "")
        known = self._steps.setdefault(step_id, _Step(step_id, str(event.get("node") or ""), 1.0))
        if sort == "step.started":
            known.is_running, known.percent, known.message = True, 0, ""
        elif sort == "step.progressed":
            known.percent = int(data.get("percent") or known.percent)
            known.message = clean(str(data.get("message") or ""))
        elif sort in _DONE:
            known.is_done, known.is_running = True, False
        elif sort == _UNDONE:
            known.is_done, known.is_running, known.percent = False, False, 0
        elif sort in _STOPPED:
            known.is_running = False

    def rows(self) -> list[NodeRow]:
        """Return a row for what concerns the lab as a whole, then one a node, in the order of the plan."""
        with self._lock:
            nodes = dict.fromkeys(step.node or LAB for step in self._steps.values())
            ordered = [*(name for name in nodes if name == LAB), *(name for name in nodes if name != LAB)]
            return [self._row(name) for name in ordered]

    def percent(self) -> float:
        """Return what part of the whole work is done, 0 to 100."""
        with self._lock:
            return _part_done(list(self._steps.values()))

    def _row(self, name: str) -> NodeRow:
        own = [step for step in self._steps.values() if (step.node or LAB) == name]
        running = tuple(_said(step) for step in own if step.is_running)
        return NodeRow(name, _part_done(own), running, all(step.is_done for step in own))


def _step(step: Mapping[str, Any]) -> _Step:
    # A step of no weight still is one: its node's bar must not be full before it is done.
    weight = max(float(step.get("weight_seconds") or 0), 0.1)
    return _Step(clean(str(step.get("title") or step["id"])), clean(str(step.get("node") or "")), weight)


def _said(step: _Step) -> str:
    return f"{step.title} ({step.message})" if step.message else step.title


def _part_done(steps: Sequence[_Step]) -> float:
    whole = sum(step.weight for step in steps)
    done = sum(step.weight * (100 if step.is_done else step.percent if step.is_running else 0) for step in steps)
    return done / whole if whole else 0.0


def lines_of(event: Mapping[str, Any]) -> Iterator[Line]:
    """Yield an event as lines for people: what happened, to which step, and why; one a line of a stream."""
    sort, data = str(event.get("type", "")), event.get("data") or {}
    time = str(event.get("timestamp") or "")[11:19]
    where = clean(str(event.get("step_id") or ""))
    if sort == "step.logged":
        for said in data.get("lines") or ():
            stream = str(said.get("stream", ""))
            yield Line(time, _sort_of_stream(stream), f"{where} {clean(stream)}: {clean(str(said.get('text', '')))}")
        if data.get("dropped"):
            yield Line(time, "info", f"{where} {data['dropped']} lines are left out")
        return
    error = data.get("error") or {}
    why = data.get("message") or error.get("detail") or data.get("reason") or data.get("name") or ""
    yield Line(time, _sort_of(sort), " ".join(part for part in (sort, where, clean(str(why))) if part))


def _sort_of_stream(stream: str) -> str:
    return {"error": "error", "warning": "warning"}.get(stream, "info")


def _sort_of(sort: str) -> str:
    if sort.endswith((".failed", ".rejected", ".expired")):
        return "error"
    if sort.endswith((".warned", ".retried", ".lost", ".cancelled", ".cancelling", ".rolling_back", ".paused")):
        return "warning"
    return "info"
