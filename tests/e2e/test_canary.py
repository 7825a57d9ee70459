"""Marked secrets are put everywhere one is accepted; afterwards no output of any process has one, however encoded."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploy.local.demo import NESTED_IMAGE
from deploy.local.stack import StackSettings
from tests.e2e.canary_kit import (
    CanaryStack,
    Recorder,
    canary,
    files_below,
    ledger_bytes,
    processes,
    quotings,
    signing_canary,
    traces,
)
from tests.e2e.conftest import SANDBOX
from tests.e2e.driver import Driver
from tests.integration.otlp_receiver import Collector, collecting


@dataclass
class Secrets:
    """The marked secrets by where they are given; the host's is made by the stack."""

    values: dict[str, str] = field(default_factory=dict)

    def value(self, name: str, *, signing: bool = False) -> dict[str, str]:
        """Return a new secret as a value."""
        self.values[name] = signing_canary() if signing else canary(name[:6])
        return {"value": self.values[name]}


@pytest.fixture
def secrets() -> Secrets:
    """The secrets that references name; those of values are added on the way."""
    return Secrets({"env": canary("env"), "file": canary("file"), "env-signing": signing_canary()})


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Where all programs send their spans."""
    with collecting() as running:
        yield running


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory, secrets: Secrets, collector: Collector) -> Iterator[CanaryStack]:
    """A stack of its own: its logs and ledger must hold all that this test did and nothing else."""
    directory = tmp_path_factory.mktemp("canary")
    (directory / "named").mkdir()
    (directory / "named" / "witness.txt").write_text(secrets.values["file"] + "\n")
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "500"}
    settings = StackSettings(directory=directory / "stack", clock=200.0, sandbox_arguments=SANDBOX, environment=traced)
    running = CanaryStack(settings, only=("REDIS", "SANDBOX", "API", "WORKER_1"))
    running.worker_environ = {
        "MATRYOSHKA_SECRET_GUEST": secrets.values["env"],
        "MATRYOSHKA_SECRET_HOOK": secrets.values["env-signing"],
        "MATRYOSHKA_SECRETS_DIR": str(directory / "named"),
    }
    with running:
        yield running


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A receiver that keeps what it gets."""
    listening = Recorder()
    yield listening
    listening.stop()


def _body(driver: Driver, secrets: Secrets, recorder: Recorder, **changes: Any) -> dict[str, Any]:
    """A cluster with a secret in every place that takes one."""
    number = f"cluster {len(secrets.values)}"
    body = driver.cluster(count=1, callback_url=recorder.url, on_failure="keep", **changes)
    body["callback_secret"] = secrets.value(f"callback {number}", signing=True)
    body["guest"] |= {"password": secrets.value(f"guest {number}")}
    witness = {"kind": "cloud", "account_name": "canaries", "access_key": secrets.value(f"witness {number}")}
    body["cluster"] |= {"witness": witness}
    nested = {"username": "Administrator", "password": {"value": driver.stack.nested_password}}
    body["smoke_test"] |= {"parent_disk_path": NESTED_IMAGE, "memory_mib": 512, "guest": nested}
    return body


def _failing_body(driver: Driver, secrets: Secrets, recorder: Recorder) -> dict[str, Any]:
    """A cluster whose secrets are references where the last one had values, and that joins a domain."""
    body = _body(driver, secrets, recorder)
    body["guest"]["password"] = {"ref": "env:MATRYOSHKA_SECRET_GUEST"}
    body["cluster"]["witness"]["access_key"] = {"ref": "file:witness.txt"}
    joiner = {"username": r"CORP\joiner", "password": secrets.value("joiner")}
    body["identity"] = {"mode": "domain", "domain": "corp.example", "join_credential": joiner}
    body["cluster"]["access_point"] = "active_directory_and_dns"
    return body


def _endpoints(driver: Driver, secrets: Secrets, recorder: Recorder) -> None:
    given = {"/value": secrets.value("endpoint", signing=True), "/named": {"ref": "env:MATRYOSHKA_SECRET_HOOK"}}
    for path, secret in given.items():
        driver.post("/v1/webhook-endpoints", {"url": recorder.url + path, "types": ["*"], "secret": secret}, 201)
    made = driver.post("/v1/webhook-endpoints", {"url": recorder.url, "types": ["job.succeeded", "job.failed"]}, 201)
    # Shown once, by design: the answers that show it are not searched for it.
    answer = driver.stack.call("POST", f"/v1/webhook-endpoints/{made['id']}:rotate", json={})
    assert answer.ok, answer.text
    secrets.values |= {"made": made["secret"], "rotated": answer.json()["secret"]}


def _rotations(driver: Driver, secrets: Secrets, lab_id: str) -> list[str]:
    """Give the lab's node another password; then try once more, saying that it has one that it has not."""
    body = {"kind": "rotate_guest_password", "lab_id": lab_id}
    good = driver.submit(body | {"new_password": secrets.value("turned")})
    driver.wait(good, 60, "succeeded")
    wrong = {"new_password": secrets.value("unused"), "present_password": secrets.value("wrong")}
    bad = driver.submit(body | wrong)
    driver.wait(bad, 60, "failed")
    return [good, bad]


def _refusals(driver: Driver, secrets: Secrets) -> None:
    """Requests that are refused although, or because, they hold secrets."""
    value = secrets.value("refused")["value"]
    bodies: list[Any] = [
        driver.cluster(guest={"password": {"value": value, "ref": "file:x"}}),
        driver.cluster(guest={"password": value}),
        driver.cluster(guest={"password": {"value": [value]}}),
        driver.cluster(callback_secret={"value": value}),
        driver.cluster(guest={"password": {"value": value * 40}}),
        driver.cluster() | {"host": {"id": "host_unknown"}, "guest": {"password": {"value": value}}},
        [value],
    ]
    for body in bodies:
        answer = driver.stack.call("POST", "/v1/jobs", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
        assert answer.status_code in (400, 404, 409, 422), answer.text
    driver.stack.call("POST", "/v1/jobs", data=f'{{"kind": "{value}', headers={"Content-Type": "application/json"})
    driver.stack.call("POST", "/v1/hosts", json={"name": 5, "password": {"value": value}})


def _quoting_error(driver: Driver, values: list[str]) -> None:
    """Let the host fail with an error that quotes each value in each encoding, in its error id and so everywhere."""
    quoted = " ".join(quoting for value in values for quoting in quotings(value))
    driver.fault(kind="error", function="New-NestedSwitch", error_id=f"Leak.Everything {quoted} end", count=0)


def _look_at_everything(driver: Driver, jobs: list[str]) -> None:
    """Ask for all that can be asked for: pages, single resources, steps, events as JSON and as a stream."""
    call = driver.stack.call
    for name in ("hosts", "images", "jobs", "labs", "webhook-endpoints", "webhook-deliveries", "events"):
        for item in call("GET", f"/v1/{name}?limit=100").json()["items"]:
            if name != "events":
                call("GET", f"/v1/{name}/{item['id']}")
    for job_id in jobs:
        for rest in ("/steps", "/events?limit=200"):
            call("GET", f"/v1/jobs/{job_id}{rest}")
        assert "event: end" in call("GET", f"/v1/jobs/{job_id}/events", headers={"Accept": "text/event-stream"}).text


def _outputs(stack: CanaryStack, recorder: Recorder) -> dict[str, bytes]:
    outputs = ledger_bytes(stack.redis_url)
    outputs |= files_below(stack.settings.directory, without=("keys/", "ca/"))
    outputs |= {f"answer {number}": answer for number, answer in enumerate(stack.answers)}
    outputs |= {f"webhook {number}": request for number, request in enumerate(list(recorder.received))}
    return outputs | processes(stack.redis_url)


def _may_have(where: str, name: str, text: bytes) -> bool:
    """Whether this place needs this secret."""
    if where.startswith("environ"):
        # Workers resolve env references, and the foreign machine knows its own administrator.
        return (name.startswith("env") and b"celery" in where.encode()) or (name == "host" and "\0-m\0sandbox" in where)
    return name in ("made", "rotated") and text.startswith(b"POST /v1/webhook-endpoints")


def test_no_output_has_a_secret(stack: CanaryStack, secrets: Secrets, recorder: Recorder, collector: Collector) -> None:
    """One job succeeds, one fails with an error that quotes its secrets, requests are refused: nothing shows one."""
    driver = Driver(stack)
    secrets.values["host"] = stack.nested_password
    recorder.answers["/named"] = " ".join(quotings(secrets.values["env-signing"])).encode()
    _endpoints(driver, secrets, recorder)
    good = _body(driver, secrets, recorder)
    plan = stack.call("POST", "/v1/jobs:plan", json=good)
    assert plan.ok, plan.text
    done = driver.submit(good)
    driver.wait(done, 120, "succeeded")
    turned = _rotations(driver, secrets, driver.job(done)["lab_id"])
    bad = _failing_body(driver, secrets, recorder)
    inside = [secrets.values[name] for name in ("env", "file", "joiner", "host")]
    _quoting_error(driver, [*inside, bad["callback_secret"]["value"]])
    failed = driver.submit(bad)
    error = driver.wait(failed, 60, "failed")["error"]
    _refusals(driver, secrets)
    driver.until(lambda: not _waiting(driver), 60, "all deliveries to be made")
    _look_at_everything(driver, [done, failed, *turned])
    driver.until(lambda: _are_traced(collector), 60, "spans of both programs to arrive")
    outputs = _outputs(stack, recorder) | stack.scrapes()
    outputs |= {f"spans {number}": body for number, body in enumerate(list(collector.bodies))}

    assert error["error_id"].startswith("Leak.Everything [secret] [secret]"), error
    assert error["error_id"].endswith(" end")
    _assert_complete(outputs, recorder)
    found = {
        (where, name, next(trace for trace in traces(value) if trace in text))
        for name, value in secrets.values.items()
        for where, text in outputs.items()
        if any(trace in text for trace in traces(value)) and not _may_have(where, name, text)
    }
    assert set() == found


def _are_traced(collector: Collector) -> bool:
    """Whether one trace has spans of both programs, from the request by way of Celery's message to host and webhook."""
    kinds = ("POST /v1/jobs", "wake-up", "step ", "psrp ", "deliver webhook")
    traces: dict[bytes, set[tuple[str, str]]] = {}
    for service, span in collector.spans():
        kind = next((one for one in kinds if span.name.startswith(one)), "")
        traces.setdefault(span.trace_id, set()).add((service, kind))
    wanted = {("matryoshka-api", kinds[0])} | {("matryoshka-worker", kind) for kind in kinds[1:]}
    return any(wanted <= found for found in traces.values())


def _waiting(driver: Driver) -> list[Any]:
    items = driver.get("/v1/webhook-deliveries?limit=200")["items"]
    return [item for item in items if item["state"] not in ("succeeded", "failed", "cancelled")]


def _assert_complete(outputs: dict[str, bytes], recorder: Recorder) -> None:
    """The search looked at something of every kind."""
    wholes = {kind: b"".join(text for where, text in outputs.items() if where.startswith(kind)) for kind in _KINDS}
    missing = {kind: mark for kind, mark in _KINDS.items() if mark not in wholes[kind]}
    assert {} == missing
    assert any(b"webhook-signature" in request.lower() for request in recorder.received)


_KINDS = {
    "redis mk:job": b"sealed",
    "file logs/worker-1": b"step_not_done",
    "file logs/api": b"{",
    "file logs/sandbox": b"",
    "file valkey/appendonlydir": b"HSET",
    "file sandbox-state": b"{",
    "answer": b"event: end",
    "webhook": b"job.failed",
    "cmdline": b"gunicorn",
    "environ": b"MATRYOSHKA_PUBLIC_KEY_FILE",
    "metrics API": b"matryoshka_jobs{",
    "metrics WORKER_1": b"matryoshka_psrp_calls_total{",
    "spans": b"deliver webhook",
}
