"""Boxes, dashed frames round them and arrows between them, as one SVG for light and for dark pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from service.ui.svg.markup import Picture, box, element, text

_LINE = 16
_STYLE = """
text{font:12.5px system-ui,"Segoe UI",sans-serif;fill:#1c2430}
.name{font-weight:600}.small{font-size:11.5px;fill:#4a5666}
.ground{fill:#fff}.box{fill:#e9f0f9;stroke:#4c6485;stroke-width:1.4}.box.store{fill:#eaf5ea;stroke:#3f7445}
.box.windows{fill:#fdf1e2;stroke:#a2611b}
.frame{fill:none;stroke:#8b3fae;stroke-width:1.6;stroke-dasharray:7 5}
.frame-name{fill:#6d2a8d;font-weight:600}.arrow{fill:none;stroke:#5b6878;stroke-width:1.5}.head{fill:#5b6878}
.back{fill:#fff;opacity:.9}
@media (prefers-color-scheme:dark){text{fill:#e6ebf2}.small{fill:#aab6c5}.ground,.back{fill:#14181f}
.box{fill:#1f2b3b;stroke:#9db4d2}.box.store{fill:#1b2e1f;stroke:#8cc792}.box.windows{fill:#33260f;stroke:#e0a355}
.frame{stroke:#c58be0}.frame-name{fill:#d9a9ef}.arrow{stroke:#a3b0c0}.head{fill:#a3b0c0}}
""".replace("\n", "")


@dataclass(frozen=True)
class Box:
    """A rectangle at (x, y) with a name and lines below it. `look` is '', `store` or `windows`."""

    x: float
    y: float
    width: float
    height: float
    name: str
    lines: tuple[str, ...] = ()
    look: str = ""


@dataclass(frozen=True)
class Frame:
    """A dashed line round a part of the picture, named at its top."""

    x: float
    y: float
    width: float
    height: float
    name: str


@dataclass(frozen=True)
class Arrow:
    """From one box to another by their keys; `shift` moves it along the sides, in pixels."""

    start: str
    end: str
    label: str = ""
    shift: float = 0


@dataclass(frozen=True)
class Diagram:
    """One picture and what it says in words."""

    key: str
    title: str
    words: str
    size: tuple[float, float]
    boxes: Mapping[str, Box]
    arrows: Sequence[Arrow]
    frames: Sequence[Frame] = ()


def drawn(diagram: Diagram) -> str:
    """Return the SVG."""
    width, height = diagram.size
    picture = Picture(diagram.key, diagram.title, diagram.words, width, height)
    picture.add(element("style", Markup(_STYLE)), box(0, 0, width, height, class_="ground", rx=10))  # noqa: S704 - ours
    picture.add(*(_frame(one) for one in diagram.frames))
    ends = [(_ends(diagram.boxes, arrow), arrow) for arrow in diagram.arrows]
    picture.add(*(_line(points) for points, _ in ends))
    picture.add(*(_box(one) for one in diagram.boxes.values()))
    picture.add(*(_label(points, arrow.label) for points, arrow in ends if arrow.label))
    return f"{picture.markup()}\n"


def _box(one: Box) -> Markup:
    rows = [text(one.x + 12, one.y + 22, one.name, class_="name")]
    rows += [text(one.x + 12, one.y + 40 + at * _LINE, line, class_="small") for at, line in enumerate(one.lines)]
    look = f"box {one.look}".strip()
    return Markup("").join((box(one.x, one.y, one.width, one.height, class_=look, rx=8), *rows))


def _frame(one: Frame) -> Markup:
    name = text(one.x + 10, one.y - 6, one.name, class_="frame-name")
    return Markup("").join((box(one.x, one.y, one.width, one.height, class_="frame", rx=12), name))


Points = tuple[float, float, float, float]


def _ends(boxes: Mapping[str, Box], arrow: Arrow) -> Points:
    """Return where an arrow leaves and arrives: on the sides that face each other."""
    a, b = boxes[arrow.start], boxes[arrow.end]
    if a.x + a.width <= b.x or b.x + b.width <= a.x:
        top, low = max(a.y, b.y), min(a.y + a.height, b.y + b.height)
        ya, yb = ((top + low) / 2,) * 2 if top < low else (a.y + a.height / 2, b.y + b.height / 2)
        forward = a.x < b.x
        x1, x2 = (a.x + a.width, b.x) if forward else (a.x, b.x + b.width)
        return x1, ya + arrow.shift, x2, yb + arrow.shift
    left, right = max(a.x, b.x), min(a.x + a.width, b.x + b.width)
    x, down = (left + right) / 2 + arrow.shift, a.y < b.y
    return x, a.y + a.height if down else a.y, x, b.y if down else b.y + b.height


def _line(points: Points) -> Markup:
    x1, y1, x2, y2 = points
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 or 1.0
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    wings = [(x2, y2), *((x2 - 9 * dx + side * 4.5 * dy, y2 - 9 * dy - side * 4.5 * dx) for side in (1, -1))]
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in wings)
    line = element("line", x1=x1, y1=y1, x2=x2 - 6 * dx, y2=y2 - 6 * dy, class_="arrow")
    return Markup("").join((line, element("polygon", points=head, class_="head")))


def _label(points: Points, words: str) -> Markup:
    x, y = (points[0] + points[2]) / 2, (points[1] + points[3]) / 2
    width = len(words) * 6.1 + 8
    back = box(x - width / 2, y - 18, width, 15, class_="back", rx=3)
    return Markup("").join((back, text(x, y - 6, words, class_="small", text_anchor="middle")))
