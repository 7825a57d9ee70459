"""`matryoshka doctor`: looks at the whole installation and says of each fault what to do about it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import redis

from service.commands.certificates import ends_at
from service.commands.client import Client, client_of
from service.commands.connecting import connect, sources
from service.commands.exits import Exit
from service.commands.failures import ApiError, Refused, ServerFault
from service.commands.judging_ledger import judge_disk, judge_server
from service.commands.judging_resources import judge_hosts, judge_locks, judge_webhooks
from service.commands.judging_work import (
    judge_certificate,
    judge_clock,
    judge_queues,
    judge_release,
    judge_sweep,
    judge_workers,
)
from service.commands.showing import Part, Prose, Table, show
from service.commands.tables import Column
from service.commands.text import clean
from service.commands.verbs import Verb
from service.commands.verdicts import FAULT, OK, UNKNOWN, WARNING, Verdict, fault, unknown, warned, well
from service.ledger.release import installed_release
from service.ledger.servers import LOOPBACK, is_local, servers_of
from service.ledger.store import Store, StoreSettings

_COLUMNS = (Column("check", kind="id"), Column("outcome", kind="state"), Column("detail"))
_FORBIDDEN = 403
_MOST_HOSTS = 200
# What a key must be allowed for each part, and the list that shows whether it is.
_PARTS: Mapping[str, str] = {
    "jobs:read": "/v1/jobs",
    "hosts:read": "/v1/hosts",
    "webhooks:write": "/v1/webhook-endpoints",
    "admin": "/v1/keys",
}


@click.command(cls=Verb)
@click.option("--strict", is_flag=True, help="Warnings count as faults.")
@click.option("--skip-hosts", is_flag=True, help="Do not look at hosts and their last tests.")
def doctor(*, strict: bool, skip_hosts: bool) -> None:
    """Check the whole installation: API, key, clocks, ledger, sweep, queues, workers, hosts, webhooks, locks.

    Nothing is changed. With MATRYOSHKA_REDIS_URL the Redis server is looked at directly too. The exit code is 11 when
    there is a fault; warnings alone are 0.
    """
    found = [*_through_api(hosts=not skip_hosts), *_direct(os.environ)]
    counts = {outcome: sum(one.outcome == outcome for one in found) for outcome in (FAULT, WARNING, UNKNOWN, OK)}
    rows = [one.as_row() for one in found]
    show({"checks": rows, "counts": counts}, lambda: _parts(found, counts))
    bad = counts[FAULT] + (counts[WARNING] if strict else 0)
    sys.exit(Exit.FAULTS if bad else Exit.OK)


def _parts(found: list[Verdict], counts: Mapping[str, int]) -> Iterator[Part]:
    yield Table("", _COLUMNS, [one.as_row() for one in found])
    lines = [clean(f"{one.check}: {one.remedy}") for one in found if one.remedy]
    if lines:
        yield Prose(["What to do:", *(f"  {line}" for line in lines)])
    total = f"{counts[FAULT]} faults, {counts[WARNING]} warnings, {counts[UNKNOWN]} not known, {counts[OK]} well"
    yield Prose([total])


def _through_api(*, hosts: bool) -> Iterator[Verdict]:
    try:
        client = client_of(connect(sources()))
    except click.ClickException as error:
        yield fault("api.key", error.message, "Give a key: a profile, or MATRYOSHKA_URL and MATRYOSHKA_API_KEY.")
        return
    yield from _address(client)
    ready = _ready(client)
    yield ready
    if ready.check == "api.reachable" and ready.outcome == FAULT:
        return
    allowed: dict[str, bool] = {}
    yield from _key(client, allowed)
    if allowed.get("admin"):
        yield from _part("installation", lambda: _installation(client))
    else:
        remedy = "Use a key with the scope admin: only it sees ledger, queues and workers."
        yield unknown("installation", "This key may not look at the installation.", remedy)
    if allowed.get("hosts:read"):
        yield from _part("locks", lambda: judge_locks(client.pages("/v1/locks")))
    if hosts and allowed.get("hosts:read"):
        yield from _part("hosts", lambda: _hosts(client, tests=allowed.get("jobs:read", False)))
    if allowed.get("webhooks:write"):
        yield from _part("webhooks", lambda: judge_webhooks(client.pages("/v1/webhook-endpoints")))


def _part(name: str, look: Callable[[], Iterator[Verdict]]) -> Iterator[Verdict]:
    """Yield a part's verdicts; one that cannot be looked at is a fault, and the others go on."""
    try:
        yield from look()
    except ApiError as error:
        yield fault(name, error.message.splitlines()[0], "Look at the API's log for this request.")


def _address(client: Client) -> Iterator[Verdict]:
    parts = urlsplit(client.url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield warned("api.tls", f"{client.url}: the key travels unencrypted.", "Put TLS before the API; use https.")
    else:
        yield well("api.tls", client.url)
    if parts.scheme == "https":
        yield judge_certificate(ends_at(client.url, client.ca_file), datetime.now(UTC))


def _ready(client: Client) -> Verdict:
    try:
        client.get("/readyz")
    except ServerFault as error:
        remedy = "Start the ledger, or mend its settings: deploy/valkey/valkey.conf has them."
        return fault("api.ready", error.message.splitlines()[0], remedy)
    except ApiError as error:
        lines = error.message.splitlines()
        return fault("api.reachable", lines[0], " ".join(line.strip() for line in lines[1:]) or "Start the API.")
    return well("api.ready", "The API takes work.")


def _key(client: Client, allowed: dict[str, bool]) -> Iterator[Verdict]:
    for scope, path in _PARTS.items():
        try:
            client.get(path, limit=1)
        except Refused as error:
            allowed[scope] = False
            if error.status != _FORBIDDEN:
                yield fault("api.key", error.message.splitlines()[0], "Give another key: `matryoshka keys create`.")
                return
        except ApiError as error:
            allowed[scope] = False
            yield fault("api.key", error.message.splitlines()[0], "Look at the API's log for this request.")
        else:
            allowed[scope] = True
    may = ", ".join(scope for scope, is_open in allowed.items() if is_open) or "nothing that was tried"
    yield well("api.key", f"The key may: {may}.")


def _installation(client: Client) -> Iterator[Verdict]:
    asked = datetime.now(UTC)
    found = client.get("/v1/installation")
    answered = datetime.now(UTC)
    yield judge_release(found, installed_release())
    yield from judge_clock(found, asked, answered)
    yield from judge_server(found["ledger"])
    yield from judge_sweep(found)
    yield from judge_queues(found)
    yield from judge_workers(found)


def _hosts(client: Client, *, tests: bool) -> Iterator[Verdict]:
    hosts = [host for _, host in zip(range(_MOST_HOSTS), client.pages("/v1/hosts"), strict=False)]
    last = {host["id"]: _last_checks(client, host["id"]) for host in hosts} if tests else {}
    yield from judge_hosts(hosts, last, datetime.now(UTC))


def _last_checks(client: Client, host_id: str) -> list[dict[str, Any]]:
    newest = client.get("/v1/jobs", kind="test_host", host_id=host_id, limit=1)["items"]
    if not newest:
        return []
    job = client.get(f"/v1/jobs/{newest[0]['id']}")
    return list((job.get("result") or {}).get("checks") or ())


def _direct(environ: Mapping[str, str]) -> Iterator[Verdict]:
    """Yield what an operator sees of the Redis server itself; nothing without its address."""
    url = environ.get("MATRYOSHKA_REDIS_URL", "")
    if not url:
        return
    try:
        settings = StoreSettings(namespace=environ.get("MATRYOSHKA_NAMESPACE") or "mk")
        store = Store.open(url, settings, servers_of(environ))
        latency, facts = store.ping(), asdict(store.vitals.server())
        disk = _disk(store) if is_local(url) else (None, None)
    except (redis.RedisError, ValueError) as error:
        remedy = "Look at MATRYOSHKA_REDIS_URL, and whether the server runs and lets this machine in."
        yield fault("redis.reachable", f"The server cannot be used: {type(error).__name__}.", remedy)
        return
    yield well("redis.reachable", f"It answers in {1000 * latency:.1f} ms.")
    yield from judge_server(facts | {"latency_seconds": latency}, "redis")
    yield judge_disk(*disk)


def _disk(store: Store) -> tuple[int | None, int | None]:
    """Return free and whole size of the disk of the append-only file of a server on this machine."""
    with contextlib.suppress(redis.exceptions.ResponseError, OSError):
        client: Any = store.client
        folder = str(client.config_get("dir").get("dir") or "")
        if folder and Path(folder).is_dir():
            usage = shutil.disk_usage(folder)
            return usage.free, usage.total
    return None, None
