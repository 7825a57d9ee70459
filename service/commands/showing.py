"""How the command shows things: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

console = Console()


def show_json(value: Any) -> None:
    """Print JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_list(items: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print a table of some members of each item, or all of them as JSON lines."""
    if as_json:
        for item in items:
            click.echo(json.dumps(item, ensure_ascii=False))
        return
    table = Table()
    for column in columns:
        # An id that is cut cannot be copied.
        table.add_column(column, no_wrap=column == "id", overflow="fold")
    for item in items:
        table.add_row(*(_text(item.get(column)) for column in columns))
    console.print(table)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
