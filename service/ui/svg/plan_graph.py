"""The plan of a job as a graph: a lane a node, a column a rank in the chain of needs, a line a need. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from service.ui.svg.markup import Picture, box, curve, shortened, text, titled
from service.ui.svg.steps import SHARED, Drawn, columns, critical_path, lanes

_LEFT = 144
_COLUMN = 34
_ROW = 26
_PAD = 10
_DOT = 18
_TOP = 12


def plan_graph(steps: Sequence[Drawn]) -> Markup:
    """Return the picture; steps of one lane that stand in the same column are stacked."""
    ranks, path = columns(steps), critical_path(steps)
    stacks = Counter((step.lane, ranks[step.id]) for step in steps)
    heights = {lane: max(count for (name, _), count in stacks.items() if name == lane) for lane in lanes(steps)}
    tops: dict[str, float] = {}
    y = float(_TOP)
    for lane, height in heights.items():
        tops[lane] = y
        y += height * _ROW + _PAD
    width = _LEFT + (max(ranks.values(), default=0) + 1) * _COLUMN + _PAD
    picture = Picture("plan-graph", "Plan of the job", _described(steps), width, y)
    for lane, top in tops.items():
        picture.add(_lane(lane, top, width, heights[lane]))
    places = _places(steps, ranks, tops)
    picture.add(
        *(
            _need(places[need], places[step.id], on_path=need in path and step.id in path)
            for step in steps
            for need in step.needs
            if need in places
        )
    )
    picture.add(*(_step(step, *places[step.id], on_path=step.id in path) for step in steps))
    return picture.markup()


def _places(steps: Sequence[Drawn], ranks: dict[str, int], tops: dict[str, float]) -> dict[str, tuple[float, float]]:
    filled: Counter[tuple[str, int]] = Counter()
    places: dict[str, tuple[float, float]] = {}
    for step in steps:
        spot = (step.lane, ranks[step.id])
        places[step.id] = (_LEFT + ranks[step.id] * _COLUMN, tops[step.lane] + filled[spot] * _ROW + 2)
        filled[spot] += 1
    return places


def _lane(lane: str, top: float, width: float, height: int) -> Markup:
    ground = box(0, top - 3, width, height * _ROW + 2, class_="lane shared" if lane == SHARED else "lane", rx=8)
    return Markup("").join((ground, text(10, top + 15, shortened(lane, 17), class_="lane-name")))


def _need(start: tuple[float, float], end: tuple[float, float], *, on_path: bool) -> Markup:
    x1, y1, x2, y2 = start[0] + _DOT, start[1] + _DOT / 2, end[0], end[1] + _DOT / 2
    return curve(x1, y1, x2, y2, class_="need critical" if on_path else "need")


def _step(step: Drawn, x: float, y: float, *, on_path: bool) -> Markup:
    classes = f"step {step.state}" + (" critical" if on_path else "")
    hint = f"{step.title}: {step.state}" + (f". {step.message}" if step.message else "")
    return titled(
        box(x, y, _DOT, _DOT, rx=5),
        text(x + _DOT / 2, y + _DOT - 5, _MARKS.get(step.state, ""), class_="mark", text_anchor="middle"),
        title=hint,
        class_=classes,
    )


# A state is never told by its colour alone.
_MARKS = {"succeeded": "✓", "skipped": "»", "failed": "✕", "cancelled": "/", "undone": "↶", "running": "▸"}


def _described(steps: Sequence[Drawn]) -> str:
    states = Counter(step.state for step in steps)
    told = ", ".join(f"{count} {state}" for state, count in states.items())
    return f"{len(steps)} steps in {len(lanes(steps))} lanes: {told}. The list of steps below says the same in words."
