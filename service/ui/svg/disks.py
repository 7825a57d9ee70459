"""The disks of a node: the differencing disk with the image that it grows from, and each data disk. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from service.ui.svg.markup import box, shortened, text, titled

Body = Mapping[str, Any]

ROW = 30
_HIGH = 24
_GAP = 4
_MOST = 5


def rows_of(shape: Body) -> int:
    """Return how many rows of disks a node has: its own disk, and one more for data disks."""
    return 2 if shape.get("data_disks") else 1


def node_disks(shape: Body, x: float, y: float, width: float) -> Markup:
    """Return a node's disks in rows `ROW` high: what does not fit in the second is counted in its last place."""
    image = shape.get("image") or {}
    parent = str(image.get("name") or image.get("id") or "its image")
    words = f"{_size(shape.get('disk_gib'))} on {shortened(parent, 18)}"
    title = f"System disk: a differencing disk, parent {parent}; {_size(shape.get('disk_gib'))} counted for its growth"
    own = _disk(words, title, (x, y, width))
    sizes = [disk.get("size_gib") for disk in shape.get("data_disks") or ()]
    return Markup("").join((own, *_data(sizes, x, y + ROW, width)))


def _data(sizes: list[Any], x: float, y: float, width: float) -> list[Markup]:
    shown = sizes if len(sizes) <= _MOST else sizes[: _MOST - 1]
    places = len(shown) + (len(shown) < len(sizes))
    each = (width - (places - 1) * _GAP) / max(1, places)
    drawn = [
        _disk(_short(size, places), f"Data disk {number + 1}: {_size(size)}", (x + number * (each + _GAP), y, each))
        for number, size in enumerate(shown)
    ]
    if len(shown) < len(sizes):
        rest = sizes[len(shown) :]
        title = f"{len(rest)} more data disks: " + ", ".join(_size(size) for size in rest)
        drawn.append(_disk(f"+{len(rest)}", title, (x + len(shown) * (each + _GAP), y, each)))
    return drawn


def _disk(words: str, title: str, place: tuple[float, float, float]) -> Markup:
    x, y, width = place
    return titled(
        box(x, y, width, _HIGH, class_="part disk", rx=_HIGH / 2),
        text(x + width / 2, y + 16, words, class_="part-fact", text_anchor="middle"),
        title=title,
    )


def _short(size: Any, places: int) -> str:
    return _size(size) if places <= _MOST - 2 else str("?" if size is None else size)


def _size(gib: Any) -> str:
    return "size unknown" if gib is None else f"{gib} GiB"
