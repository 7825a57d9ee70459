"""`python -m tests.bench [--only NAME]`: measure and write docs/bench.md."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Callable

import click
from rich.console import Console

from deploy.local.stack import ROOT
from tests.bench import build, call, dispatch, intake, observed
from tests.bench.figures import Figure, table

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "intake": intake.measure,
    "observed": observed.measure,
    "dispatch": dispatch.measure,
    "call": call.measure,
    "build": build.measure,
}
REPORT = ROOT / "docs" / "bench.md"


@click.command()
@click.option("--only", multiple=True, type=click.Choice(sorted(BENCHES)), help="Measure these and write nothing.")
def main(only: tuple[str, ...]) -> None:
    """Measure ratios of one run. A whole run writes docs/bench.md."""
    console = Console()
    figures: list[Figure] = []
    for name in only or BENCHES:
        console.print(f"[dim]measuring {name}[/dim]")
        figures += BENCHES[name]()
        console.print(table(figures), soft_wrap=True, markup=False)
    if not only:
        REPORT.write_text(_report(figures))
        console.print(f"wrote {REPORT.relative_to(ROOT)}")


def _report(figures: list[Figure]) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    notes = "\n".join(f"- **{figure.name}**: {figure.how}" for figure in figures)
    return (
        "# Benchmarks\n\n"
        "Written by `make bench`. Each ratio compares two things that were measured in turn in the same run on the\n"
        "same machine, so it says something on another machine too; the milliseconds beside it do not.\n\n"
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {machine}, everything on loopback.\n\n"
        f"{table(figures)}\n\n{notes}\n"
    )


if __name__ == "__main__":
    main()
