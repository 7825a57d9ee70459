"""The ledger's users have the commands, keys and channels that service and operator use, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from tests.e2e.driver import Driver
from tests.rules.test_least_rights import EXAMPLE, in_scripts, listed
from tests.server_kit import DURABLE, Server, running
from tests.soak.ops_kit import OpsStack, endpoint

PASSWORDS = {"CHANGE-ME-1": "service-password", "CHANGE-ME-2": "operator-password"}
# What this test itself asks the server.
TESTER = {"username": "test", "password": "any"}
OURS = {"acl|log", "keys"}  # `info` too, but that the operator needs as well


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server whose users are those of the example, and the test's own."""
    text = EXAMPLE + "user test on nopass ~* &* +@all\n"
    for shown, real in PASSWORDS.items():
        text = text.replace(shown, real)
    (tmp_path / "users.acl").write_text(text)
    with running(Server(tmp_path / "server", {**DURABLE, "aclfile": str(tmp_path / "users.acl")}), **TESTER) as (one,):
        yield one


def test_a_whole_lab_with_the_least_rights(server: Server, tmp_path: Path) -> None:
    """A lab, its webhooks, stream, dashboard and an operator's verbs need all that is listed, and nothing else."""
    client: Any = redis.Redis(port=server.port, db=1, decode_responses=True, **TESTER)
    places = {name: f"redis://{name}:{word}@127.0.0.1:{server.port}/1" for name, word in _users().items()}
    with OpsStack(tmp_path / "run", redis_url=places["matryoshka"]) as stack:
        driver = Driver(stack)
        with endpoint(driver, "job.succeeded") as receiver:
            job_id = driver.submit(driver.cluster(count=1))
            _follow_and_steer(driver, job_id)
            driver.until(lambda: receiver.received, 60, "the webhook")
            delivery = driver.get("/v1/webhook-deliveries")["items"][0]
            driver.get(f"/v1/webhook-deliveries/{delivery['id']}")
        _visit_the_dashboard(stack)
        driver.post("/v1/jobs", driver.example("teardown", lab_id=driver.get("/v1/labs")["items"][0]["id"]), 202)
        direct = _seen(client)
        denied = client.acl_log()
        _operate(stack, places["matryoshka-operator"], tmp_path)

    assert [] == [(one["username"], one["context"], one["object"]) for one in denied + client.acl_log()]
    assert in_scripts(operators=False) <= listed("matryoshka")
    assert set() == listed("matryoshka") - in_scripts(operators=False) - direct
    assert set() == listed("matryoshka-operator") - in_scripts(operators=True) - _seen(client)
    for pattern in listed("matryoshka", "~") - {"steps", "deliveries"}:  # lists that are empty are not there
        assert client.keys(pattern), pattern
    client.close()


@pytest.mark.parametrize("user", ["matryoshka", "matryoshka-operator", "default"])
def test_other_keys_and_commands_are_refused(server: Server, user: str) -> None:
    """No user reads or writes another's keys, hears channels, or changes the server; who is not known only pings."""
    known = {} if user == "default" else {"username": user, "password": _users()[user]}
    client: Any = redis.Redis(port=server.port, protocol=2, **known)
    assert client.ping()
    for words in (
        ("GET", "other"),
        ("GET", "mkx:any"),
        ("HSET", "mkx:job", "a", 1),
        ("PUBLISH", "any", 1),
        ("CONFIG", "SET", "appendonly", "no"),
        ("FLUSHALL",),
        ("ACL", "LIST"),
        ("SHUTDOWN",),
    ):
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*words)
    client.close()


def _users() -> dict[str, str]:
    return {"matryoshka": PASSWORDS["CHANGE-ME-1"], "matryoshka-operator": PASSWORDS["CHANGE-ME-2"]}


def _seen(client: Any) -> set[str]:
    return {name.removeprefix("cmdstat_") for name in client.info("commandstats")} - OURS


def _follow_and_steer(driver: Driver, job_id: str) -> None:
    """Follow a job's stream from its beginning to its end."""
    options: dict[str, Any] = {"headers": {"Accept": "text/event-stream"}, "stream": True}
    lines = driver.stack.call("GET", f"/v1/jobs/{job_id}/events", **options).iter_lines(decode_unicode=True)
    assert any(line == "event: end" for line in lines)
    assert "succeeded" == driver.wait(job_id)["state"]


def _visit_the_dashboard(stack: OpsStack) -> None:
    with requests.Session() as session:
        page = session.get(f"{stack.url}/login", timeout=20)
        hidden = dict(re.findall(r'name="(\w+)" (?:type="hidden" )?value="([^"]*)"', page.text))
        answer = session.post(f"{stack.url}/login", data={**hidden, "key": stack.api_key}, timeout=20)
        assert answer.ok, answer.text
        assert session.get(f"{stack.url}/jobs", timeout=20).ok


def _operate(stack: OpsStack, url: str, place: Path) -> None:
    """Do what an operator does, as the operator's user."""
    own = {"MATRYOSHKA_REDIS_URL": url}
    for verb in (("keys", "list"), ("tenants", "list"), ("secrets", "status"), ("audit", "list"), ("audit", "verify")):
        stack.did(*verb, **own)
    stack.did("backup", str(place / "ledger.backup"), **own)
    for name in ("API", "WORKER_1", "WORKER_2"):
        stack.end(name)
    stack.did("restore", str(place / "ledger.backup"), "--replace", **own)
