"""How the command shows things: for people, for programs that read lines, or as JSON or YAML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import click
import yaml

from service.commands.connecting import chosen_output
from service.commands.outside import screen
from service.commands.tables import Column, Row, Screen, columns_of, record_lines, table_lines
from service.commands.verbs import choices

_LIST_INDENT = 2


@dataclass(frozen=True)
class Table:
    """Rows below a title; a table without rows is left out where it is a part of something."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Record:
    """The members of one thing; the title may be empty."""

    title: str
    columns: Sequence[Column]
    row: Row


@dataclass(frozen=True)
class Prose:
    """Lines as they are, for people and for programs."""

    lines: Sequence[str]


Part = Table | Record | Prose


def show(value: Any, parts: Iterable[Part] | Callable[[], Iterable[Part]] = ()) -> None:
    """Print one thing: its parts as tables and records, or the whole value as JSON or YAML.

    Without parts every member is shown. Parts may be made by a function, which is called for tables only.
    """
    form = chosen_output()
    if form != "table":
        click.echo(_serialized(value, form))
        return
    made = parts() if callable(parts) else parts
    seen = screen()
    for line in part_lines(list(made) or [Record("", columns_of(list(value)), value)], seen):
        click.echo(line, color=seen.has_colour)


def part_lines(parts: Iterable[Part], screen: Screen) -> Iterator[str]:
    """Yield the lines of parts, with a blank one between them."""
    is_first = True
    for part in parts:
        if isinstance(part, Table) and not part.rows:
            continue
        if not is_first:
            yield ""
        is_first = False
        yield from _lines(part, screen)


def _lines(part: Part, screen: Screen) -> Iterator[str]:
    if isinstance(part, Prose):
        yield from part.lines
        return
    if part.title:
        yield click.style(part.title, bold=True) if screen.has_colour else part.title
    if isinstance(part, Table):
        yield from table_lines(part.columns, part.rows, screen)
    else:
        yield from record_lines(part.columns, part.row, screen)


def _serialized(value: Any, form: str) -> str:
    if form == "yaml":
        text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
        return text.rstrip("\n")
    return json.dumps(value, indent=None if form == "jsonl" else _LIST_INDENT, ensure_ascii=False)


def wants_data() -> bool:
    """Tell whether JSON or YAML was asked for."""
    return chosen_output() != "table"


def show_json(value: Any) -> None:
    """Print one thing as it is, in the chosen format; for people and in lines all its members."""
    show(value)


def show_list(items: Iterable[Row], columns: Sequence[str | Column], *, as_json: bool | None = None) -> None:
    """Print a list: a table of some members, or everything as JSON (one array), JSON lines or YAML.

    With `--limit` no more is read than is shown. `as_json` is for verbs that have a flag of their own.
    """
    items = islice(items, choices().limit)
    form = "json" if as_json else chosen_output()
    printers: dict[str, Callable[[Iterable[Row]], None]] = {"json": _array, "jsonl": _each_line, "yaml": _each_entry}
    if form in printers:
        printers[form](items)
        return
    seen = screen()
    lines = list(table_lines(columns_of(columns), items, seen)) if seen.is_terminal else None
    if lines is not None and len(lines) == 1:
        click.echo("none", err=True)
        return
    for line in lines if lines is not None else table_lines(columns_of(columns), items, seen):
        click.echo(line, color=seen.has_colour)


def _array(items: Iterable[Row]) -> None:
    """One document, one item a line: it can be read as a whole and looked at with a pager."""
    is_first = True
    for item in items:
        click.echo(("[\n" if is_first else ",\n") + json.dumps(item, ensure_ascii=False), nl=False)
        is_first = False
    click.echo("[]" if is_first else "\n]")


def _each_line(items: Iterable[Row]) -> None:
    for item in items:
        click.echo(json.dumps(item, ensure_ascii=False))


def _each_entry(items: Iterable[Row]) -> None:
    is_empty = True
    for item in items:
        click.echo(yaml.safe_dump([dict(item)], sort_keys=False, allow_unicode=True), nl=False)
        is_empty = False
    if is_empty:
        click.echo("[]")
