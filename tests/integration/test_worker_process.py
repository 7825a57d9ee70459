"""A real Celery worker process: it starts from the environment, works, tells that it lives, and leaves in seconds."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.ledger.plan import Plan, Step
from service.ledger.queue import Waker
from service.ledger.sealing import key_id, public_key_of
from service.ledger.store import Store, StoreSettings, Submission
from tests.conftest import ROOT
from tests.integration.ledger_kit import wait_until
from tests.integration.sandbox_process import IMAGE, SandboxProcess, running_sandbox
from tests.integration.worker_kit import open_workshop, worker_environ

_COMMAND = (
    "-A workers.app worker -P threads -c 4 -Q steps,deliveries --without-gossip --without-mingle --without-heartbeat"
)


@pytest.fixture
def environment(redis_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a worker on the test's own database."""
    ours = {"MATRYOSHKA_WORKER_NAME": "w1@test", "MATRYOSHKA_POLL_SECONDS": "0.3"}
    return worker_environ(redis_url, tmp_path) | ours


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    """The ledger that the worker uses."""
    store = Store.open(redis_url, StoreSettings(namespace="t"))
    yield store
    store.client.close()


@contextmanager
def worker(environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; it is killed by its own pid when it has not left."""
    with log.open("wb") as output:
        command = [sys.executable, "-m", "celery", *_COMMAND.split()]
        process = subprocess.Popen(command, env=dict(environment), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(60)


def _submit(store: Store, *steps: Step, host_id: str = "") -> str:
    result = store.jobs.submit(
        Submission("inspect_host", {"kind": "inspect_host"}, Plan("inspect_host", steps), host_id=host_id)
    )
    assert result.job is not None
    return result.job.id


def _state(store: Store, job_id: str) -> str:
    job = store.jobs.get(job_id)
    return str(job.state) if job else ""


def test_a_worker_works_and_leaves(store: Store, environment: dict[str, str], tmp_path: Path, redis_url: str) -> None:
    """It takes its former leases back, runs a job that nobody woke it for, is listed, and leaves without a drain."""
    job_id = _submit(store, Step(id="publish", action="PublishDrift", title="Publish"))
    former = store.leases.claim("w1@test", 600)
    assert former is not None
    with worker({**environment, "MATRYOSHKA_DRAIN_SECONDS": "3600"}, tmp_path / "log") as process:
        wait_until(lambda: _state(store, job_id) == "succeeded")
        assert ["w1@test"] == [record.name for record in store.workers.list()]
        info = store.workers.list()[0].info
        assert 4 == info["slots"]
        assert [key_id(public_key_of(Path(environment["MATRYOSHKA_PRIVATE_KEY_FILE"]).read_text()))] == info[
            "sealing_keys"
        ]
        assert info["release"]

        process.send_signal(signal.SIGTERM)
        code = process.wait(60)

    text = (tmp_path / "log").read_text()
    assert 0 == code, text
    assert [] == store.workers.list()
    assert "former_leases_released" in text


def test_a_busy_worker_leaves_without_waiting_for_its_step(
    environment: dict[str, str], tmp_path: Path, redis_url: str
) -> None:
    """SIGTERM during a long remote call releases the lease and exits; the call goes on for the next worker."""
    with running_sandbox(clock=0.2) as sandbox, open_workshop(redis_url, sandbox) as workshop:
        Path(environment["MATRYOSHKA_PRIVATE_KEY_FILE"]).write_text(workshop.private_key)
        image = Step(id="verify-image", action="VerifyImage", title="Image", params={"path": IMAGE, "sha256": "0" * 64})
        job_id = workshop.submit(image)
        Waker(redis_url).wake_steps(1)
        private = tmp_path / "private"
        private.mkdir()
        with worker({**environment, "TMPDIR": str(private)}, tmp_path / "log") as process:
            wait_until(lambda: _is_busy(sandbox))
            assert [*private.glob("matryoshka-pem-*/*.pem")]
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)

        assert 0 == code
        assert [] == [*private.glob("matryoshka-pem-*")]
        assert {"verify-image": "ready"} == workshop.states(job_id)
        assert "step.released" in workshop.types(job_id)
        assert _is_busy(sandbox)


@pytest.mark.parametrize("signals", [[signal.SIGQUIT], [signal.SIGTERM, signal.SIGTERM]])
def test_a_worker_in_a_hurry_still_gives_its_steps_back(
    environment: dict[str, str], tmp_path: Path, redis_url: str, signals: list[signal.Signals]
) -> None:
    """SIGQUIT, or a second SIGTERM, ends a worker at once, and its step is released all the same."""
    with running_sandbox(clock=1.0) as sandbox, open_workshop(redis_url, sandbox) as workshop:
        Path(environment["MATRYOSHKA_PRIVATE_KEY_FILE"]).write_text(workshop.private_key)
        image = Step(id="verify-image", action="VerifyImage", title="Image", params={"path": IMAGE, "sha256": "0" * 64})
        job_id = workshop.submit(image)
        Waker(redis_url).wake_steps(1)
        slow = {**environment, "MATRYOSHKA_DRAIN_SECONDS": "3600", "MATRYOSHKA_POLL_SECONDS": "15"}
        with worker(slow, tmp_path / "log") as process:
            wait_until(lambda: _is_busy(sandbox))
            for number in signals:
                process.send_signal(number)
            process.wait(60)

        assert {"verify-image": "ready"} == workshop.states(job_id)
        assert "step.released" in workshop.types(job_id)


def test_a_killed_worker_costs_one_restart_and_no_second_effect(
    environment: dict[str, str], tmp_path: Path, redis_url: str
) -> None:
    """After SIGKILL the next life takes the lease back at boot and joins the call that still runs: one effect."""
    digest = hashlib.sha256(IMAGE.encode()).hexdigest()  # the sandbox's images have the digest of their path
    with running_sandbox(clock=6.0) as sandbox, open_workshop(redis_url, sandbox) as workshop:
        Path(environment["MATRYOSHKA_PRIVATE_KEY_FILE"]).write_text(workshop.private_key)
        image = Step(id="verify-image", action="VerifyImage", title="Image", params={"path": IMAGE, "sha256": digest})
        job_id = workshop.submit(image)
        with worker(environment, tmp_path / "first") as process:
            wait_until(lambda: "protect-nestedimage" in sandbox.running(patience_seconds=0))
            process.kill()
            process.wait(60)
        with worker(environment, tmp_path / "second") as process:
            wait_until(lambda: workshop.state(job_id) == "succeeded", 60)
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(60)

        assert 1 == sum(sandbox.effects()["image_protected"].values())
        assert "step.lost" in workshop.types(job_id)


def _is_busy(sandbox: SandboxProcess) -> bool:
    return any("nestedimage" in name for name in sandbox.running(patience_seconds=0))


def test_a_worker_that_cannot_work_does_not_stay(environment: dict[str, str], tmp_path: Path) -> None:
    """Without its private key it says so and exits, so that a supervisor notices."""
    broken = {**environment, "MATRYOSHKA_PRIVATE_KEY_FILE": str(tmp_path / "none")}
    with worker(broken, tmp_path / "log") as process:
        assert 1 == process.wait(60)

    assert "MATRYOSHKA_PRIVATE_KEY_FILE" in (tmp_path / "log").read_text()


def test_a_worker_of_an_older_release_does_not_stay(store: Store, environment: dict[str, str], tmp_path: Path) -> None:
    """On a ledger that a newer release has changed it says so and exits."""
    store.client.set("t:schema", 99)
    with worker(environment, tmp_path / "log") as process:
        assert 1 == process.wait(60)

    assert "schema version 99" in (tmp_path / "log").read_text()


def test_a_missing_variable_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    """A worker without the ledger's address ends at once, naming the variable."""
    broken = {name: value for name, value in environment.items() if name != "MATRYOSHKA_REDIS_URL"}
    with worker(broken, tmp_path / "log") as process:
        assert 0 != process.wait(60)

    assert "MATRYOSHKA_REDIS_URL" in (tmp_path / "log").read_text()
