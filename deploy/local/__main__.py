"""`python -m deploy.local up|demo`: run the stack until Ctrl-C, or run the main job on it and stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
from rich.console import Console

from deploy.local.demo import run_demo
from deploy.local.place import StackError
from deploy.local.stack import ROOT, Stack, StackSettings

_INTERRUPTED = 130


@click.group()
def main() -> None:
    """Run Matryoshka on this machine."""
    # Also Ctrl-C: a shell that starts us in the background hands it down ignored.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)


@main.command()
@click.option("--clock", default=20.0, show_default=True, help="How much faster than life the simulated host runs.")
@click.option("--directory", type=click.Path(path_type=Path), default=ROOT / ".run", show_default=True)
def up(clock: float, directory: Path) -> None:
    """Run the stack until Ctrl-C; addresses, ids and a key are in stack.env of the directory."""
    console = Console()
    _guard(console, lambda: _up(console, StackSettings(directory=directory, clock=clock)))


@main.command()
@click.option("--clock", default=25.0, show_default=True, help="How much faster than life the simulated host runs.")
@click.option("--directory", type=click.Path(path_type=Path), default=ROOT / ".run", show_default=True)
def demo(clock: float, directory: Path) -> None:
    """Build a 3-node nested cluster on a simulated host, show it, tear it down."""
    # A pipe has no width of its own; the ledger's table needs some.
    console = Console() if sys.stdout.isatty() else Console(width=120)
    _guard(console, lambda: run_demo(console, StackSettings(directory=directory, clock=clock)))


def _up(console: Console, settings: StackSettings) -> int:
    with Stack(settings, say=lambda what: console.print(f"[dim]starting {what}[/dim]")) as stack:
        console.print(f"dashboard      {stack.url}/")
        console.print(f"API            {stack.url}")
        console.print(f"API key        {stack.api_key}")
        console.print(f"simulated host {stack.host_id} (control API {stack.sandbox_url})")
        console.print(f"settings       {settings.directory / 'stack.env'}")
        console.print("Ctrl-C stops everything.")
        signal.pause()
    return 0


def _guard(console: Console, run: Callable[[], int]) -> NoReturn:
    try:
        code = run()
    except KeyboardInterrupt:
        console.print("stopped")
        code = _INTERRUPTED
    except StackError as error:
        console.print(f"[red]{error}[/red]")
        code = 1
    sys.exit(code)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
