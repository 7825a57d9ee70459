"""A real terminal for tests of the command: a pseudo-terminal driven by pexpect, its screen kept by pyte."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pexpect
import pyte

from tests.conftest import ROOT

_COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7])(?:;\d+)*m")


class Terminal:
    """A terminal in which one command runs."""

    def __init__(self, process: pexpect.spawn[bytes], rows: int, columns: int) -> None:
        self.process = process
        self.raw = b""
        self._screen = pyte.HistoryScreen(columns, rows, history=5000)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without blank lines at the end."""
        text = [line.rstrip() for line in self._screen.display]
        while text and not text[-1]:
            text.pop()
        return text

    @property
    def text(self) -> str:
        """The screen, and what has scrolled off it above."""
        past = ("".join(line[x].data for x in range(self._screen.columns)) for line in self._screen.history.top)
        return "\n".join([*(line.rstrip() for line in past), *self.lines])

    @property
    def has_colours(self) -> bool:
        """Whether a colour was ever asked for."""
        return _COLOUR.search(self.raw) is not None

    def until(self, look: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Read until it is so; an AssertionError shows the screen."""
        deadline = time.monotonic() + seconds
        while not look():
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}:\n{self.text}"
            assert self.read(), f"it ended before {what}:\n{self.text}"

    def read(self) -> bool:
        """Read what there is; returns False at the end."""
        try:
            found = self.process.read_nonblocking(65536, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += found
        self._stream.feed(found)
        return True

    def end(self, seconds: float = 60.0) -> int:
        """Read to the end; returns the exit code, negative for a signal."""
        deadline = time.monotonic() + seconds
        while self.read():
            assert time.monotonic() < deadline, f"it goes on after {seconds:.0f} s:\n{self.text}"
        self.process.close()
        code, signal = self.process.exitstatus, self.process.signalstatus
        return code if code is not None else -(signal or 0)


def _hears_interrupts() -> None:
    # A program that a shell started beside itself ignores Ctrl-C, and so do all that it starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def terminal(environ: Mapping[str, str], *arguments: str, rows: int = 24, columns: int = 80) -> Iterator[Terminal]:
    """Run `matryoshka` in a terminal of this size; it is ended by its own pid."""
    ours = {key: value for key, value in environ.items() if key not in {"NO_COLOR", "COLUMNS", "LINES"}}
    wanted = {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    wanted |= {key: value for key, value in environ.items() if key == "NO_COLOR"}
    argv = ["-m", "service.cli", *arguments]
    size = (rows, columns)
    process = pexpect.spawn(
        sys.executable, argv, env={**ours, **wanted}, dimensions=size, timeout=60, preexec_fn=_hears_interrupts
    )
    try:
        yield Terminal(process, rows, columns)
    finally:
        process.close(force=True)
