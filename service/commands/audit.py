"""`matryoshka audit ...`: the audit log as an operator reads, keeps and verifies it, on Redis or from a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TextIO

import click

from service.commands.on_ledger import LedgerVerbs, store_from_env
from service.commands.showing import show, show_list, wants_data
from service.commands.tables import Column
from service.ledger.audit import Head
from service.ledger.audit_verifying import Verdict, verify
from service.ledger.store import AuditFilter, AuditStore

_COLUMNS = (
    Column("seq", kind="id"),
    Column("at", kind="time"),
    Column("who", lambda entry: entry["actor"]["name"] or entry["actor"]["kind"]),
    Column("operation"),
    Column("target", lambda entry: (entry["target"] or {}).get("id"), rank=1),
    Column("outcome", rank=2),
    Column("from", "remote", rank=3),
)


@click.group(cls=LedgerVerbs)
def audit() -> None:
    """Who changed what, and who was refused: append-only, each entry with the hash of the one before."""


def _time(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter("give a time with its offset, such as 2026-01-31T12:00:00Z")
    return moment.timestamp()


def _head(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Head | None:
    try:
        return None if value is None else Head.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@audit.command("list")
@click.option("--actor", help="An actor's id or name.")
@click.option("--operation", help="Such as submitJob, or the words of a command: 'keys create'.")
@click.option("--target", help="The id of what was changed, or of its host, lab or endpoint.")
@click.option("--outcome", type=click.Choice(["done", "denied"]))
@click.option("--since", callback=_time, help="A time with its offset.")
@click.option("--until", callback=_time, help="A time with its offset.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
def list_audit(*, limit: int, **wanted: Any) -> None:
    """List entries, newest first."""
    log = _sealed_log()
    show_list(_entries(log, AuditFilter(**wanted), limit), _COLUMNS)


@audit.command()
def export() -> None:
    """Print the whole chain as JSON lines, oldest first."""
    for line in _sealed_log().lines():
        click.echo(line)


@audit.command()
def head() -> None:
    """Print SEQ:HASH of the last entry. Note it where nobody who can write to Redis can write."""
    found = _sealed_log().head()
    if wants_data():
        show({"seq": found.seq, "hash": found.hash, "first": found.first})
    else:
        click.echo(str(found))


@audit.command("verify")
@click.argument("file", type=click.File("r", encoding="utf-8"), required=False)
@click.option("--head", "noted", callback=_head, help="A head that was noted earlier: SEQ:HASH.")
def verify_audit(*, file: TextIO | None, noted: Head | None) -> None:
    """Verify the log in Redis, or an exported FILE ('-' is standard input). Ends with 1 at the first broken entry.

    Without --head it cannot be told that entries were cut off the end of a file, or that a log was written anew.
    """
    heads = (noted,) if noted else ()
    verdict = verify(_lines(file), *heads) if file else _verified_log(*heads)
    if wants_data():
        show(_told(verdict))
    else:
        click.echo(_sentence(verdict))
    if verdict.found:
        sys.exit(1)


def _sealed_log() -> AuditStore:
    log = store_from_env().audit
    log.seal()
    return log


def _verified_log(*noted: Head) -> Verdict:
    log = _sealed_log()
    # What the ledger itself says is the end is a noted head too, if a weaker one.
    return verify(log.lines(), log.head(), *noted)


def _lines(file: TextIO) -> Iterator[str]:
    return (line for line in file if line.strip())


def _entries(log: AuditStore, filters: AuditFilter, limit: int) -> Iterable[dict[str, Any]]:
    before: int | None = None
    while limit > 0:
        found, before = log.page(filters, before, limit)
        yield from (dict(entry) for entry in found)
        limit -= len(found)
        if before is None:
            return


def _told(verdict: Verdict) -> dict[str, Any]:
    found = verdict.found
    return {
        "verified": found is None,
        "entries": verdict.count,
        "first": verdict.first,
        "head": str(verdict.head),
        "broken": {"seq": found.seq, "fault": found.fault, "text": found.text} if found else None,
    }


def _sentence(verdict: Verdict) -> str:
    if verdict.found:
        return f"entry {verdict.found.seq} is {verdict.found.fault}: {verdict.found.text}"
    if not verdict.count:
        return "verified: no entries"
    return f"verified: {verdict.count} entries, {verdict.first} to {verdict.head}"
