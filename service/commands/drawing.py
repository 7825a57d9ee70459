"""Draws a running job in a terminal: what is said goes above, one bar a node below."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Self

from rich.cells import cell_len
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
_PERCENT = 4
_REFRESH_SECONDS = 0.15
# Lines of the screen that are not bars: the sum below, and some room for what is said above.
_OTHER_LINES = 6


def drawn(picture: JobPicture, console: Console, seconds: float) -> Group:
    """Return the bars of a job as they are now; nodes that do not fit on the screen are counted."""
    rows = picture.rows()
    room = max(console.height - _OTHER_LINES, 3)
    shown = rows if len(rows) <= room else _most_telling(rows, room)
    grid = _grid(shown, console.width)
    foot = f"{picture.state}  {picture.percent():.0f}%  {duration(seconds)}"
    left_out = len(rows) - len(shown)
    more = f"  and {left_out} more nodes, {sum(row.is_done for row in rows)} done" if left_out else ""
    return Group(
        grid, Text(f"{foot}{more}  {picture.reason}".rstrip(), style="cyan", no_wrap=True, overflow="ellipsis")
    )


def _grid(rows: list[NodeRow], width: int) -> Table:
    """Return the bars; each column has its width, so that a long text takes no room from a name."""
    name = min(max((cell_len(row.node) for row in rows), default=0), _LONGEST_NAME)
    bar = max(min(width - 60, _WIDEST_BAR), _LEAST_BAR)
    grid = Table.grid(padding=(0, 1))
    for size in (name, bar, _PERCENT, max(width - name - bar - _PERCENT - 3, 1)):
        grid.add_column(width=size, no_wrap=True, overflow="ellipsis")
    for row in rows:
        progress = ProgressBar(total=100, completed=row.percent, width=bar)
        grid.add_row(Text(row.node, style="bold"), progress, Text(f"{row.percent:>3.0f}%"), Text(_now(row)))
    return grid


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
    """A live picture; use it as a context. It draws itself again some times a second."""

    def __init__(self, picture: JobPicture, console: Console, clock: Callable[[], float]) -> None:
        began = clock()
        self._live = Live(
            console=console,
            get_renderable=lambda: drawn(picture, console, clock() - began),
            # The library's own thread draws while a line is printed, and then does not know where it stands.
            auto_refresh=False,
            transient=True,
        )
        self._turn = Lock()
        self._is_over = Event()
        self._drawer = Thread(target=self._draw, daemon=True)

    def __enter__(self) -> Self:
        try:
            self._live.start(refresh=True)
            self._drawer.start()
        except BaseException:  # Ctrl-C at the first picture: nobody would leave what was never entered
            self._live.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._drawer.join()
        self._live.stop()

    def say(self, line: Line) -> None:
        """Print a line above the bars."""
        with self._turn:
            self._live.console.print(styled(line), highlight=False, soft_wrap=True)

    def _draw(self) -> None:
        while not self._is_over.wait(_REFRESH_SECONDS):
            with self._turn:
                self._live.refresh()


def styled(line: Line) -> Text:
    """Return a line with its colour."""
    return Text.assemble((f"{line.time} ", "dim"), (line.text, _COLOURS[line.sort]))
