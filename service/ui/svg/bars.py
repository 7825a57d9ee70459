"""Capacity as a bar: what is held, by whom, and what is free. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from service.ui.svg.markup import Picture, box, text, titled

_WIDTH = 420
_HEIGHT = 18


def capacity_bar(key: str, label: str, unit: str, total: float | None, held: Sequence[tuple[str, float]]) -> Markup:
    """Return a bar of `total` with one part a holder; `held` is name and amount. Without a total it only names them."""
    used = sum(amount for _, amount in held)
    whole = max(total or 0, used, 1)
    told = f"{used:g} of {total:g} {unit} held" if total is not None else f"{used:g} {unit} held of an unknown total"
    picture = Picture(key, label, f"{label}: {told} by {len(held)} holders.", _WIDTH, _HEIGHT + 24)
    picture.add(text(0, 12, label, class_="bar-label"), text(_WIDTH, 12, told, class_="bar-label", text_anchor="end"))
    picture.add(box(0, 20, _WIDTH, _HEIGHT, class_="free", rx=4))
    x = 0.0
    for number, (name, amount) in enumerate(held):
        length = amount / whole * _WIDTH
        part = box(x, 20, max(length - 1, 1), _HEIGHT, class_=f"held held-{number % 2}", rx=4)
        picture.add(titled(part, title=f"{name}: {amount:g} {unit}"))
        x += length
    return picture.markup()
