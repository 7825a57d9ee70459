"""Sentinels that speak TLS only, with a password of their own, before a primary and a replica that do the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from sandbox.tls import TlsFiles, make_tls_files
from service.ledger.plan import Plan, Step
from service.ledger.queue import STEPS_QUEUE, WakeFailed, Waker
from service.ledger.sealing import new_private_key
from service.ledger.servers import servers_of
from service.ledger.store import Store, StoreSettings, Submission
from tests.integration.ledger_kit import wait_until
from tests.integration.test_worker_process import worker
from tests.server_kit import DURABLE, Server, running

PASSWORD = "a-password-that-no-log-shows"
SENTINEL_PASSWORD = "another-password-that-no-log-shows"


@dataclass
class Guarded:
    """A primary, a replica and a sentinel over TLS, and what their clients are given."""

    primary: Server
    replica: Server
    sentinel: Server
    environment: dict[str, str]

    def store(self, **changes: str) -> Store:
        """Open the ledger as a program does."""
        environ = {**self.environment, **changes}
        return Store.open(environ["MATRYOSHKA_REDIS_URL"], StoreSettings(), servers_of(environ))


def _tls(files: TlsFiles) -> dict[str, str]:
    return {
        "tls-cert-file": str(files.server),
        "tls-key-file": str(files.server_key),
        "tls-client-cert-file": str(files.client),
        "tls-client-key-file": str(files.client_key),
        "tls-ca-cert-file": str(files.ca),
        "tls-replication": "yes",
    }


def _server(place: Path, config: dict[str, str], *lines: str, sentinel: bool = False) -> Server:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server on PATH: the embedded server is built without TLS")
    server = Server(place, config, binary=binary, sentinel=sentinel)
    server.lines = (f"tls-port {server.port}", "port 0", *lines)
    return server


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """All three, knowing each other."""
    files = make_tls_files(tmp_path / "ca", "client")
    reaching: dict[str, Any] = {
        "ssl": True,
        "ssl_ca_certs": str(files.ca),
        "ssl_certfile": str(files.client),
        "ssl_keyfile": str(files.client_key),
    }
    config = {**DURABLE, **_tls(files), "requirepass": PASSWORD, "masterauth": PASSWORD}
    primary = _server(tmp_path / "primary", config)
    replica = _server(tmp_path / "replica", config, f"replicaof 127.0.0.1 {primary.port}")
    sentinel = _server(
        tmp_path / "sentinel",
        {**_tls(files), "requirepass": SENTINEL_PASSWORD},
        f"sentinel monitor ledger 127.0.0.1 {primary.port} 1",
        f"sentinel auth-pass ledger {PASSWORD}",
        "sentinel down-after-milliseconds ledger 1500",
        "sentinel failover-timeout ledger 10000",
        sentinel=True,
    )
    with (
        running(primary, replica, password=PASSWORD, **reaching),
        running(sentinel, password=SENTINEL_PASSWORD, **reaching),
    ):
        asked: Any = redis.Redis(port=sentinel.port, password=SENTINEL_PASSWORD, decode_responses=True, **reaching)
        wait_until(lambda: _is_whole(asked.sentinel_master("ledger"), asked.sentinel_slaves("ledger")))
        asked.close()
        yield Guarded(primary, replica, sentinel, _environment(tmp_path, files, sentinel.port))


def _is_whole(primary: dict[str, Any], replicas: list[dict[str, Any]]) -> bool:
    ready = [one for one in replicas if one["master-link-status"] == "ok" and not one["is_sdown"]]
    return len(ready) == 1 and not primary["is_sdown"]


def _environment(place: Path, files: TlsFiles, port: int) -> dict[str, str]:
    secrets = {"password": PASSWORD, "sentinel-password": SENTINEL_PASSWORD, "private.key": new_private_key()}
    for name, text in secrets.items():
        (place / name).write_text(text)
    return {
        "MATRYOSHKA_REDIS_URL": f"sentinels://127.0.0.1:{port}/0?master=ledger",
        "MATRYOSHKA_REDIS_PASSWORD_FILE": str(place / "password"),
        "MATRYOSHKA_SENTINEL_PASSWORD_FILE": str(place / "sentinel-password"),
        "MATRYOSHKA_REDIS_CA_FILE": str(files.ca),
        "MATRYOSHKA_REDIS_CERT_FILE": str(files.client),
        "MATRYOSHKA_REDIS_KEY_FILE": str(files.client_key),
        "MATRYOSHKA_PRIVATE_KEY_FILE": str(place / "private.key"),
        "MATRYOSHKA_PUBLIC_KEY": "A" * 43 + "=",
        "MATRYOSHKA_WORKER_NAME": "w1@test",
    }


def test_a_primary_dies_behind_sentinels_that_speak_tls(guarded: Guarded, tmp_path: Path) -> None:
    """Ledger, wake-ups and worker find the primary over TLS, and the one after it; no log shows a password."""
    store = guarded.store()
    waker = Waker(guarded.environment["MATRYOSHKA_REDIS_URL"], servers_of(guarded.environment))
    with worker({**os.environ, **guarded.environment}, tmp_path / "log"):
        first = _submitted(store)
        wait_until(lambda: _state(store, first) == "succeeded")
        guarded.primary.kill()
        wait_until(lambda: _answers(lambda: _submitted(store)))
        second = _submitted(store)
        wait_until(lambda: _answers(lambda: waker.wake_steps(1)))
        wait_until(lambda: _state(store, second) == "succeeded", 60)
        wait_until(lambda: waker.waiting(STEPS_QUEUE) == 0)

    said = (tmp_path / "log").read_text()
    assert PASSWORD not in said
    assert SENTINEL_PASSWORD not in said
    waker.close()
    store.client.close()


@pytest.mark.parametrize("name", ["MATRYOSHKA_REDIS_CA_FILE", "MATRYOSHKA_SENTINEL_PASSWORD_FILE"])
def test_sentinels_that_cannot_be_trusted_or_do_not_trust_are_not_followed(
    guarded: Guarded, tmp_path: Path, name: str
) -> None:
    """With another authority or another password of the sentinels nothing is reached."""
    other = make_tls_files(tmp_path / "other", "client").ca
    store = guarded.store(**{name: str(other)})

    with pytest.raises(redis.RedisError):
        store.client.ping()


def _submitted(store: Store) -> str:
    plan = Plan("inspect_host", (Step(id="publish", action="PublishDrift", title="Publish"),))
    job = store.jobs.submit(Submission("inspect_host", {"kind": "inspect_host"}, plan)).job
    assert job is not None
    return job.id


def _answers(ask: Callable[[], object]) -> bool:
    with suppress(redis.RedisError, WakeFailed):
        ask()
        return True
    return False


def _state(store: Store, job_id: str) -> str:
    with suppress(redis.RedisError):
        job = store.jobs.get(job_id)
        return str(job.state) if job else ""
    return ""
