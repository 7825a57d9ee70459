"""What tests of the API share: an app on a real ledger with a key, a host and an image; and a real gunicorn process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from werkzeug.test import TestResponse

from deploy.local.ports import free_ports
from service.api.auth import new_key
from service.api.context import EXTENSION, Context
from service.api.key_hashing import hash_key
from service.app import create_app
from service.ledger.ids import new_id
from service.ledger.sealing import new_private_key, public_key_of
from service.ledger.store import ApiKey, Store, StoreSettings
from service.ledger.tenant import DEFAULT_TENANT
from service.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
HOST = {
    "name": "hv1",
    "address": "192.0.2.10",
    "username": "Administrator",
    "password": {"ref": "env:MATRYOSHKA_SECRET_HV1"},
    "labels": {"purpose": "lab"},
}
IMAGE = {"name": "ws2022", "path": r"C:\Images\ws2022.vhdx", "sha256": "a" * 64, "os_build": 20348}


def cluster(**changes: Any) -> dict[str, Any]:
    """Return a request for a cluster, the committed example with members replaced."""
    body: dict[str, Any] = json.loads((ROOT / "examples" / "nested_cluster.json").read_text())
    return body | changes


@dataclass
class Api:
    """One app and a caller with an admin key."""

    app: Flask
    private_key: str
    key: str = ""
    hosts: list[str] = field(default_factory=list)

    @property
    def context(self) -> Context:
        """The app's parts."""
        found: Context = self.app.extensions[EXTENSION]
        return found

    @property
    def store(self) -> Store:
        """The app's ledger."""
        return self.context.store

    def make_key(self, *scopes: str, expires_at: float | None = None, tenant: str = DEFAULT_TENANT) -> str:
        """Add a key with these scopes and return it."""
        key = new_key()
        record = ApiKey(new_id("key", time.time()), "test", hash_key(key), scopes, expires_at, tenant=tenant)
        self.store.keys.put(record)
        return key

    def call(self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str) -> TestResponse:
        """Call the API; header names are given with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {self.key if key is None else key}"
        options: dict[str, Any] = {} if body is None else {"json": body}
        return self.app.test_client().open(path, method=method, headers=sent, **options)

    def created(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST something that must be created and return it."""
        answer = self.call("POST", path, body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def submitted(self, body: Mapping[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """Submit a job that must be accepted and return it."""
        answer = self.call("POST", "/v1/jobs", cluster() if body is None else body, **headers)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def furnish(self) -> None:
        """Register a host and an image."""
        self.hosts.append(self.created("/v1/hosts", HOST)["id"])
        self.created("/v1/images", IMAGE)

    def cancelled(self, job: Mapping[str, Any]) -> None:
        """Cancel a job: one that no worker took ends at once."""
        assert self.call("POST", f"/v1/jobs/{job['id']}:cancel").status_code == 202


def open_api(redis_url: str, **settings: str) -> Api:
    """Return an app with an admin key; nothing runs beside its requests."""
    private = new_private_key()
    environ = {
        "MATRYOSHKA_REDIS_URL": redis_url,
        "MATRYOSHKA_PUBLIC_KEY": public_key_of(private),
        "MATRYOSHKA_STREAM_KEEPALIVE_SECONDS": "0.2",
        **settings,
    }
    api = Api(create_app(Settings.from_env(environ)), private)
    api.key = api.make_key("admin")
    return api


@contextmanager
def running_api(redis_url: str, **settings: str) -> Iterator[Api]:
    """Yield a furnished app; afterwards its connections are closed."""
    api = open_api(redis_url, **settings)
    api.furnish()
    try:
        yield api
    finally:
        api.context.gate.close()
        api.context.feed.stop()
        api.store.client.close()


@dataclass
class Served:
    """A real gunicorn process with an admin key."""

    process: subprocess.Popen[bytes]
    url: str
    key: str
    log: Path
    store: Store

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call it over HTTP."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=60, **options)

    def stream(self, path: str, **headers: str) -> requests.Response:
        """Open a stream of server-sent events."""
        sent = {"Accept": "text/event-stream", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.call("GET", path, headers=sent, stream=True)


@contextmanager
def served_api(redis_url: str, directory: Path, **settings: str) -> Iterator[Served]:
    """Start deploy/bin/api as one process on a free port; end it by its pid."""
    port = free_ports(("api",))["api"]
    store = Store.open(redis_url, StoreSettings())
    key = new_key()
    store.keys.put(ApiKey(new_id("key", time.time()), "test", hash_key(key), ("admin",)))
    environ = {
        **os.environ,
        "PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "MATRYOSHKA_REDIS_URL": redis_url,
        "MATRYOSHKA_PUBLIC_KEY": public_key_of(new_private_key()),
        "MATRYOSHKA_BIND": f"127.0.0.1:{port}",
        "MATRYOSHKA_WEB_PROCESSES": "1",
        **settings,
    }
    log = directory / "api.log"
    with log.open("wb") as output:
        process = subprocess.Popen([str(ROOT / "deploy/bin/api")], env=environ, stdout=output, stderr=output)
    try:
        served = Served(process, f"http://127.0.0.1:{port}", key, log, store)
        _await_ready(served)
        yield served
    finally:
        process.terminate()
        process.wait(60)
        store.client.close()


def _await_ready(served: Served) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert served.process.poll() is None, served.log.read_text()
        with suppress(requests.ConnectionError, requests.Timeout):
            if requests.get(f"{served.url}/readyz", timeout=5).ok:
                return
        assert time.monotonic() < deadline, served.log.read_text()
        time.sleep(0.05)


def frames(response: requests.Response) -> Iterator[dict[str, str]]:
    """Yield the frames of a stream as they come: their fields, or `comment`."""
    fields: dict[str, str] = {}
    for line in response.iter_lines(chunk_size=1, decode_unicode=True):
        if line:
            name, _, value = line.partition(":")
            fields[name or "comment"] = value.strip()
        elif fields:
            yield fields
            fields = {}


def parsed(text: str) -> list[dict[str, str]]:
    """Return the frames of a whole stream."""
    blocks = [block for block in text.split("\n\n") if block]
    return [dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":")) for block in blocks]
