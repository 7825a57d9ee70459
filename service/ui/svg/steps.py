"""What the pictures of a job need of its steps, read from the API's own answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SHARED = "host and cluster"


@dataclass(frozen=True)
class Drawn:
    """One step. Times are seconds since 1970 UTC, None when it has not begun or ended."""

    id: str
    title: str
    lane: str
    state: str
    needs: tuple[str, ...]
    weight: float
    started: float | None = None
    ended: float | None = None
    percent: int = 0
    message: str = ""


def drawn_steps(bodies: Sequence[Mapping[str, Any]]) -> list[Drawn]:
    """Return the steps of a job's or a plan's body; those of a plan are all pending."""
    return [_drawn(body) for body in bodies]


def _drawn(body: Mapping[str, Any]) -> Drawn:
    return Drawn(
        id=body["id"],
        title=body["title"],
        lane=body.get("node") or SHARED,
        state=body.get("state", "pending"),
        needs=tuple(body.get("needs", ())),
        weight=float(body.get("weight_seconds") or 0),
        started=seconds(body.get("started_at")),
        ended=seconds(body.get("ended_at")),
        percent=int(body.get("percent") or 0),
        message=body.get("message") or "",
    )


def seconds(moment: str | None) -> float | None:
    """Return an RFC 3339 time as seconds since 1970 UTC, or None."""
    return datetime.fromisoformat(moment).timestamp() if moment else None


def lanes(steps: Sequence[Drawn]) -> list[str]:
    """Return the lanes in the order in which the plan names them, the shared one first."""
    found = dict.fromkeys(step.lane for step in steps)
    return [lane for lane in (SHARED,) if lane in found] + [lane for lane in found if lane != SHARED]


def columns(steps: Sequence[Drawn]) -> dict[str, int]:
    """Return for each step how many steps its longest chain of needs has: the column in which it is drawn."""
    found: dict[str, int] = {}
    for step in steps:
        found[step.id] = max((found[need] + 1 for need in step.needs if need in found), default=0)
    return found


def critical_path(steps: Sequence[Drawn]) -> frozenset[str]:
    """Return the ids of the chain that decides when the job ends.

    Of steps that ended it is the one that ended last, and before each the need that ended last; of the others the
    chain with the largest sum of estimates.
    """
    known = {step.id: step for step in steps}
    if not known:
        return frozenset()
    reach: dict[str, float] = {}
    for step in steps:
        reach[step.id] = _length(step) + max((reach[need] for need in step.needs if need in reach), default=0.0)
    ended = [step for step in steps if step.ended is not None]
    whole = len(ended) == len(known)
    last = max(ended, key=lambda step: step.ended or 0) if whole else max(steps, key=lambda step: reach[step.id])
    path = {last.id}
    while needs := [known[need] for need in last.needs if need in known]:
        last = max(needs, key=lambda step: (step.ended or 0.0) if whole else reach[step.id])
        path.add(last.id)
    return frozenset(path)


def _length(step: Drawn) -> float:
    if step.started is not None and step.ended is not None:
        return step.ended - step.started
    return step.weight
