"""SVG elements as text. Every value is escaped here, so a hostile name in a plan or a lab is only ever a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from markupsafe import Markup, escape

Value = str | int | float


def element(name: str, *children: Markup | str, **attributes: Value | None) -> Markup:
    """Return one element. An attribute that is None is left out; `_` in names becomes `-`, a trailing one goes."""
    words = [
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    ]
    inner = Markup("").join(children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), Markup("".join(words)), inner)  # noqa: S704 - escaped above


def _text(value: Value) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def text(x: float, y: float, content: str, **attributes: Value | None) -> Markup:
    """Return a line of text with its baseline at (x, y)."""
    return element("text", escape(content), x=x, y=y, **attributes)


def box(x: float, y: float, width: float, height: float, **attributes: Value | None) -> Markup:
    """Return a rectangle with round corners."""
    return element("rect", x=x, y=y, width=width, height=height, rx=attributes.pop("rx", 6), **attributes)


def link(target: str, *children: Markup, label: str) -> Markup:
    """Return a link round other elements, named for those who do not see them."""
    return element("a", *children, href=target, aria_label=label)


def titled(*children: Markup, title: str, **attributes: Value | None) -> Markup:
    """Return a group whose title browsers show as a hint."""
    return element("g", element("title", escape(title)), *children, **attributes)


def shortened(content: str, most: int) -> str:
    """Return the text, cut with an ellipsis when it has more than `most` characters."""
    return content if len(content) <= most else content[: max(1, most - 1)] + "…"


@dataclass
class Picture:
    """One picture: its size in CSS pixels, its name and what it shows in words."""

    key: str
    title: str
    description: str
    width: float
    height: float
    parts: list[Markup] = field(default_factory=list)

    def add(self, *parts: Markup) -> None:
        """Append elements; later ones lie on top."""
        self.parts.extend(parts)

    def markup(self) -> Markup:
        """Return the whole `<svg>`. It keeps its size: the page lets a large one scroll."""
        names = f"{self.key}-title {self.key}-text"
        return element(
            "svg",
            element("title", escape(self.title), id=f"{self.key}-title"),
            element("desc", escape(self.description), id=f"{self.key}-text"),
            *self.parts,
            xmlns="http://www.w3.org/2000/svg",
            role="img",
            aria_labelledby=names,
            class_=f"picture {self.key}",
            viewBox=f"0 0 {_text(self.width)} {_text(self.height)}",
            width=self.width,
            height=self.height,
        )


def curve(x1: float, y1: float, x2: float, y2: float, **attributes: Value | None) -> Markup:
    """Return a smooth line from one point to another that leaves and arrives level."""
    middle = (x1 + x2) / 2
    way = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    return element("path", d=way, **attributes)


def joined(parts: Iterable[str]) -> str:
    """Return a sentence's enumeration: 'a, b and c'."""
    words = list(parts)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else "nothing"
