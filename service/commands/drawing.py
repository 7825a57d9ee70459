"""Draws a running job in a terminal: what is said goes above, one bar a node below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from service.commands.picture import JobPicture, Line, NodeRow
from service.commands.text import duration

_COLOURS = {"error": "red", "warning": "yellow", "info": "default"}
_LEAST_BAR, _WIDEST_BAR = 10, 30
_LONGEST_NAME = 15
# Lines of the screen that are not bars: the sum below, and some room for what is said above.
_OTHER_LINES = 6


def drawn(picture: JobPicture, console: Console, seconds: float) -> Group:
    """Return the bars of a job as they are now; nodes that do not fit on the screen are counted."""
    rows = picture.rows()
    room = max(console.height - _OTHER_LINES, 3)
    shown = rows if len(rows) <= room else _most_telling(rows, room)
    wide = max(min(console.width - 60, _WIDEST_BAR), _LEAST_BAR)
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, max_width=_LONGEST_NAME)
    grid.add_column(width=wide)
    grid.add_column(justify="right", width=4)
    grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for row in shown:
        bar = ProgressBar(total=100, completed=row.percent, width=wide)
        grid.add_row(Text(row.node, style="bold"), bar, f"{row.percent:.0f}%", Text(_now(row)))
    foot = f"{picture.state}  {picture.percent():.0f}%  {duration(seconds)}"
    left_out = len(rows) - len(shown)
    more = f"  and {left_out} more nodes, {sum(row.is_done for row in rows)} done" if left_out else ""
    return Group(
        grid, Text(f"{foot}{more}  {picture.reason}".rstrip(), style="cyan", no_wrap=True, overflow="ellipsis")
    )


def _now(row: NodeRow) -> str:
    if row.running:
        more = f" +{len(row.running) - 1}" if len(row.running) > 1 else ""
        return row.running[0] + more
    return "done" if row.is_done else "waiting"


def _most_telling(rows: list[NodeRow], room: int) -> list[NodeRow]:
    """Return the rows where something runs first, in the order of the plan."""
    chosen = sorted(range(len(rows)), key=lambda place: (not rows[place].running, rows[place].is_done, place))[:room]
    return [rows[place] for place in sorted(chosen)]


class Terminal:
    """A live picture; use it as a context."""

    def __init__(self, picture: JobPicture, console: Console, clock: Callable[[], float]) -> None:
        began = clock()
        self._live = Live(
            console=console,
            get_renderable=lambda: drawn(picture, console, clock() - began),
            refresh_per_second=8,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def say(self, line: Line) -> None:
        """Print a line above the bars."""
        self._live.console.print(styled(line), highlight=False, soft_wrap=True)


def styled(line: Line) -> Text:
    """Return a line with its colour."""
    return Text.assemble((f"{line.time} ", "dim"), (line.text, _COLOURS[line.sort]))
