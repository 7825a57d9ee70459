"""The installation as the API tells it, and `matryoshka doctor` beside a real API process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.ledger.sealing import key_id
from tests.integration.api_kit import ROOT, Api, Served, running_api, served_api
from tests.integration.ledger_kit import wait_until


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app on an empty ledger, with an admin's key."""
    with running_api(redis_url) as one:
        yield one


def test_the_installation_tells_what_only_the_server_knows(api: Api) -> None:
    """Ledger, sweep, queues, backlog and the workers that told of themselves are in one answer."""
    info = {"slots": 8, "busy": 1, "release": "9.9", "sealing_keys": ["abcd"]}
    api.context.store.workers.beat("w1@test", info, 60)
    api.context.store.leases.sweep()
    found = api.call("GET", "/v1/installation").get_json()

    assert found["ledger"]["version"]
    assert found["ledger"]["settings"]["appendonly"] in ("yes", "no")
    assert found["sweep"]["lag_seconds"] is not None
    assert [queue["name"] for queue in found["queues"]] == ["steps", "deliveries"]
    assert found["sealing_key"] == key_id(api.context.settings.public_key)
    assert [(one["name"], one["release"], one["sealing_keys"]) for one in found["workers"]] == [
        ("w1@test", "9.9", ["abcd"])
    ]


def test_only_an_operator_sees_the_installation(api: Api) -> None:
    """A key without the scope admin is refused."""
    key = api.created("/v1/keys", {"name": "reader", "scopes": ["jobs:read", "hosts:read"]})["key"]

    assert api.call("GET", "/v1/installation", key=key).status_code == 403


@pytest.fixture
def served(redis_url: str, tmp_path: Path) -> Iterator[Served]:
    """A real API process."""
    with served_api(redis_url, tmp_path) as one:
        yield one


def _doctor(served: Served, *arguments: str, **environ: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run the doctor; its exit code and what it found by check."""
    ours = {"PYTHONPATH": str(ROOT), "MATRYOSHKA_URL": served.url, "MATRYOSHKA_API_KEY": served.key}
    env = {name: value for name, value in os.environ.items() if not name.startswith("MATRYOSHKA_")} | ours | environ
    argv = [sys.executable, "-m", "service.cli", "-o", "json", "doctor", *arguments]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout, done.stderr
    return done.returncode, {one["check"]: one for one in json.loads(done.stdout)["checks"]}


def test_an_installation_without_workers_is_ill(served: Served, redis_url: str) -> None:
    """No worker is a fault and the exit code says so; what is well beside it is told too, also of the server itself."""
    code, found = _doctor(served, MATRYOSHKA_REDIS_URL=redis_url)

    assert code == 11
    assert found["workers.alive"]["outcome"] == "error"
    assert "deploy/bin/worker" in found["workers.alive"]["remedy"]
    assert found["api.ready"]["outcome"] == "ok"
    assert found["clock.api"]["outcome"] == "ok"
    assert found["redis.reachable"]["outcome"] == "ok"
    assert "redis.disk" in found


def test_warnings_alone_are_no_fault(served: Served) -> None:
    """With a worker that fits only warnings are left: 0, and 11 where warnings count."""
    key, release = _of_api(served)
    info = {"slots": 8, "busy": 0, "release": release, "sealing_keys": [key]}
    served.store.workers.beat("w1@test", info, 300)
    wait_until(lambda: served.call("GET", "/v1/installation").json()["sweep"]["swept_at"])
    code, found = _doctor(served)
    strict, _ = _doctor(served, "--strict")

    assert [name for name, one in found.items() if one["outcome"] == "error"] == []
    assert found["hosts"]["outcome"] == "warning"
    assert (code, strict) == (0, 11)


def _of_api(served: Served) -> tuple[str, str]:
    found = served.call("GET", "/v1/installation").json()
    return found["sealing_key"], found["release"]


def test_a_key_that_may_little_leaves_things_unknown(served: Served) -> None:
    """What the key may not see is said to be unknown, not well and not a fault."""
    made = served.call("POST", "/v1/keys", json={"name": "reader", "scopes": ["jobs:read"]}).json()
    code, found = _doctor(served, MATRYOSHKA_API_KEY=made["key"])

    assert found["installation"]["outcome"] == "unknown"
    assert found["api.key"]["detail"] == "The key may: jobs:read."
    assert code == 0


def test_nothing_that_answers_is_a_fault_with_its_cure(served: Served) -> None:
    """An API that is away, a key that is none and a Redis server that is away are faults."""
    code, found = _doctor(served, MATRYOSHKA_URL="http://127.0.0.1:1", MATRYOSHKA_REDIS_URL="redis://127.0.0.1:1/0")
    wrong, refused = _doctor(served, MATRYOSHKA_API_KEY="mk_wrong")

    assert (code, wrong) == (11, 11)
    assert found["api.reachable"]["outcome"] == found["redis.reachable"]["outcome"] == "error"
    assert refused["api.key"]["outcome"] == "error"
