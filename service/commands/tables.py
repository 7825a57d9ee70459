"""Tables and records as lines: tabs and whole values for programs; aligned and as wide as the screen for people.

Where a table is too wide, the columns of the highest rank are left out first; then long texts are wrapped. Ids are
never cut: what is cut cannot be copied. Pure.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

import click
from rich.cells import cell_len

from service.commands.text import age, clock, exact

Row = Mapping[str, Any]
_GAP = "  "
# The width of an id of ours: in a text too it stays whole.
_LEAST_WRAPPED = 30
_COLOURS = {
    **dict.fromkeys(("succeeded", "ready", "active", "proven", "passed", "ok", "current"), "green"),
    **dict.fromkeys(("failed", "error", "expired", "unexpected", "disabled", "broken"), "red"),
    **dict.fromkeys(("cancelled", "cancelling", "rolling_back", "warning", "paused", "pausing", "removing"), "yellow"),
    **dict.fromkeys(("running", "building", "waiting", "waiting_approval", "scheduled", "queued"), "cyan"),
}


@dataclass(frozen=True)
class Screen:
    """Where it is printed: whether people look at it, how wide it is, whether it has colours; `now` is for ages.

    Without `can_redraw` the cursor cannot go back: what changes is printed anew.
    """

    is_terminal: bool = False
    width: int = 80
    has_colour: bool = False
    can_redraw: bool = True
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Column:
    """One column, or one line of a record. `kind` is text, id, age, time or state.

    `of` is the member's name, or what is called with the row; `rank` 0 is never left out, of others the highest first.
    """

    head: str
    of: str | Callable[[Row], Any] = ""
    kind: str = "text"
    rank: int = 0

    def value(self, row: Row) -> Any:
        """Return the value of a row; None when it has none."""
        return self.of(row) if callable(self.of) else row.get(self.of or self.head)

    def text(self, row: Row, screen: Screen) -> str:
        """Return what a cell says: exact for programs, ages and times of day for people."""
        value = self.value(row)
        shorts = {"age": age, "time": clock}
        if not screen.is_terminal:
            return exact(value)
        short = shorts.get(self.kind)
        return short(value, screen.now) if short else exact(value, ", ")


def columns_of(names: Sequence[str | Column]) -> list[Column]:
    """Return columns; a name alone stands for the member of that name, of little weight when it comes late."""
    return [
        one if isinstance(one, Column) else Column(one, one, "id" if one == "id" else "text", min(place, 9))
        for place, one in enumerate(names)
    ]


def table_lines(columns: Sequence[Column], rows: Iterable[Row], screen: Screen) -> Iterator[str]:
    """Yield a table's lines, the head first. For programs rows are read one by one; for people all at once."""
    if not screen.is_terminal:
        # The first row before the head: where the rows cannot be had there is no table.
        found = iter(rows)
        first = list(islice(found, 1))
        yield "\t".join(column.head for column in columns)
        for row in chain(first, found):
            yield "\t".join(column.text(row, screen) for column in columns)
        return
    cells = [[column.text(row, screen) for column in columns] for row in rows]
    widths = _widths(columns, cells)
    shown = _fitting(columns, widths, screen.width)
    _squeeze(columns, widths, shown, screen.width)
    head = [columns[place].head.upper().replace("_", " ") for place in shown]
    yield from _aligned(head, [widths[place] for place in shown], lambda _place, text: _styled(text, screen, bold=True))
    kinds = [columns[place].kind for place in shown]
    for row_cells in cells:
        yield from _aligned(
            [row_cells[place] for place in shown],
            [widths[place] for place in shown],
            lambda place, text: _cell(text, kinds[place], screen),
        )


def record_lines(columns: Sequence[Column], row: Row, screen: Screen) -> Iterator[str]:
    """Yield a record's lines, one a column; for people those without a value are left out."""
    if not screen.is_terminal:
        for column in columns:
            yield f"{column.head}\t{column.text(row, screen)}"
        return
    shown = [column for column in columns if column.value(row) not in (None, "", [], {})]
    wide = max((cell_len(column.head) for column in shown), default=0)
    for column in shown:
        name = column.head.replace("_", " ")
        first = _styled(name, screen, bold=True) + " " * (wide - cell_len(name)) + _GAP
        room = max(screen.width - wide - len(_GAP), _LEAST_WRAPPED)
        parts = [column.text(row, screen)] if column.kind == "id" else _wrapped(column.text(row, screen), room)
        for place, part in enumerate(parts):
            yield (" " * (wide + len(_GAP)) if place else first) + _cell(part, column.kind, screen)


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    return [
        max([cell_len(column.head), *(cell_len(row[place]) for row in cells)]) for place, column in enumerate(columns)
    ]


def _total(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[place] for place in shown) + len(_GAP) * (len(shown) - 1)


def _fitting(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """Return the places of the columns that are shown; long texts count as what they may be wrapped to."""
    least = [
        min(size, _LEAST_WRAPPED) if column.kind == "text" else size
        for column, size in zip(columns, widths, strict=True)
    ]
    shown = list(range(len(columns)))
    while _total(least, shown) > width and any(columns[place].rank for place in shown):
        shown.remove(max(shown, key=lambda place: (columns[place].rank, place)))
    return shown


def _squeeze(columns: Sequence[Column], widths: list[int], shown: Sequence[int], width: int) -> None:
    """Make texts narrower, the widest first, until the table fits or none can give."""
    while (over := _total(widths, shown) - width) > 0:
        giving = [place for place in shown if columns[place].kind == "text" and widths[place] > _LEAST_WRAPPED]
        if not giving:
            return
        widest = max(giving, key=lambda place: widths[place])
        widths[widest] = max(widths[widest] - over, _LEAST_WRAPPED)


def _aligned(cells: Sequence[str], widths: Sequence[int], style: Callable[[int, str], str]) -> Iterator[str]:
    wrapped = [
        [cell] if cell_len(cell) <= width else _wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)
    ]
    for line in range(max(len(parts) for parts in wrapped)):
        parts = [part[line] if line < len(part) else "" for part in wrapped]
        padded = [
            style(place, part) + " " * (width - cell_len(part))
            for place, (part, width) in enumerate(zip(parts, widths, strict=True))
        ]
        yield _GAP.join(padded).rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _cell(text: str, kind: str, screen: Screen) -> str:
    return _styled(text, screen, fg=_COLOURS.get(text)) if kind == "state" else text


def _styled(text: str, screen: Screen, **style: Any) -> str:
    return click.style(text, **style) if screen.has_colour and text else text
