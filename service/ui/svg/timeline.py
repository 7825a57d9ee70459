"""When the steps of a job ran: a row a step that began, a bar from begin to end, the critical path marked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from service.ui.svg.markup import Picture, box, element, shortened, text, titled
from service.ui.svg.steps import Drawn, critical_path

_LEFT = 240
_WIDTH = 620
_ROW = 18
_TOP = 26
_TICKS = 5
_MINUTE = 60


def timeline(steps: Sequence[Drawn], now: float) -> Markup | None:
    """Return the picture at the time `now` (seconds since 1970 UTC); None before any step has begun."""
    begun = sorted((step for step in steps if step.started is not None), key=lambda step: (step.started or 0, step.id))
    if not begun:
        return None
    start = begun[0].started or 0.0
    end = max([start + 1, *(step.ended or now for step in begun)])
    path = critical_path(steps)
    height = _TOP + len(begun) * _ROW + 8
    described = f"{len(begun)} steps ran in {clock(end - start)}; {len(path)} of them are the critical path."
    picture = Picture("timeline", "When the steps ran", described, _LEFT + _WIDTH + 60, height)
    # No two ticks of the same whole second: a short job has fewer.
    ticks = min(_TICKS, int(end - start))
    picture.add(*(_tick(number / ticks, (end - start) * number / ticks, height) for number in range(ticks + 1)))
    scale = _WIDTH / (end - start)
    for row, step in enumerate(begun):
        x = _LEFT + ((step.started or start) - start) * scale
        length = max(2.0, ((step.ended or now) - (step.started or start)) * scale)
        picture.add(_bar(step, x, _TOP + row * _ROW, length, on_path=step.id in path))
    return picture.markup()


def _tick(share: float, seconds: float, height: float) -> Markup:
    x = _LEFT + share * _WIDTH
    line = element("line", x1=x, y1=18, x2=x, y2=height, class_="tick")
    return Markup("").join((line, text(x, 12, clock(seconds), class_="tick-name", text_anchor="middle")))


def _bar(step: Drawn, x: float, y: float, length: float, *, on_path: bool) -> Markup:
    lasted = f" in {clock(step.ended - step.started)}" if step.ended and step.started else ""
    return titled(
        text(_LEFT - 8, y + 12, shortened(step.title, 36), class_="bar-name", text_anchor="end"),
        box(x, y + 3, length, _ROW - 6, rx=3),
        title=f"{step.title}: {step.state}{lasted}",
        class_=f"step {step.state}" + (" critical" if on_path else ""),
    )


def clock(seconds: float) -> str:
    """Return a duration as people say it: 42 s, 3 min 05 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole, _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE:02d} min"
