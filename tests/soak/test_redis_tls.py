"""The ledger and the broker over TLS: trusted, for the right name, with a client certificate, and silent about keys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.tls import TlsFiles, make_tls_files
from service.api.context import EXTENSION
from service.app import create_app, refuse_unfit_ledger
from service.ledger.plan import Plan, Step
from service.ledger.queue import STEPS_QUEUE, Waker
from service.ledger.sealing import new_private_key
from service.ledger.servers import servers_of
from service.ledger.store import Store, StoreSettings, Submission
from service.settings import Settings
from tests.integration.ledger_kit import wait_until
from tests.integration.test_worker_process import worker
from tests.server_kit import DURABLE, Server, running

PASSWORD = "a-password-that-no-log-shows"


@dataclass
class Secured:
    """A server that speaks TLS only and asks for a client certificate, and what its clients are given."""

    server: Server
    files: TlsFiles
    directory: Path

    def environment(self, host: str = "127.0.0.1", **changes: str) -> dict[str, str]:
        """Return the variables of a program that may use it; '' takes one out."""
        password = self.directory / "password"
        password.write_text(PASSWORD)
        (self.directory / "private.key").write_text(new_private_key())
        given = {
            "MATRYOSHKA_REDIS_URL": f"rediss://{host}:{self.server.port}/0",
            "MATRYOSHKA_REDIS_PASSWORD_FILE": str(password),
            "MATRYOSHKA_REDIS_CA_FILE": str(self.files.ca),
            "MATRYOSHKA_REDIS_CERT_FILE": str(self.files.client),
            "MATRYOSHKA_REDIS_KEY_FILE": str(self.files.client_key),
            "MATRYOSHKA_PRIVATE_KEY_FILE": str(self.directory / "private.key"),
            "MATRYOSHKA_PUBLIC_KEY": "A" * 43 + "=",
            "MATRYOSHKA_WORKER_NAME": "w1@test",
            **changes,
        }
        return {name: value for name, value in given.items() if value}

    def store(self) -> Store:
        """Open the ledger as a program does."""
        environ = self.environment()
        return Store.open(environ["MATRYOSHKA_REDIS_URL"], StoreSettings(), servers_of(environ))


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Secured]:
    """A real Redis with TLS: the embedded server is built without it."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server on PATH: the embedded server is built without TLS")
    files = make_tls_files(tmp_path / "ca", "client")
    config = {
        **DURABLE,
        "requirepass": PASSWORD,
        "tls-cert-file": str(files.server),
        "tls-key-file": str(files.server_key),
        "tls-ca-cert-file": str(files.ca),
        "bind": "127.0.0.1 127.0.0.2",
    }
    server = Server(tmp_path / "server", config, binary=binary)
    server.lines = (f"tls-port {server.port}", "port 0")
    reaching = {
        "ssl": True,
        "ssl_ca_certs": str(files.ca),
        "ssl_certfile": str(files.client),
        "ssl_keyfile": str(files.client_key),
        "password": PASSWORD,
    }
    with running(server, **reaching):
        yield Secured(server, files, tmp_path)


def test_a_job_goes_through_over_tls(secured: Secured) -> None:
    """API, worker, ledger and broker meet over TLS, and no log has the password or a key."""
    store = secured.store()
    app = create_app(Settings.from_env(secured.environment()))
    refuse_unfit_ledger(app.extensions[EXTENSION])
    assert 200 == app.test_client().get("/readyz").status_code
    plan = Plan("inspect_host", (Step(id="publish", action="PublishDrift", title="Publish"),))
    job = store.jobs.submit(Submission("inspect_host", {"kind": "inspect_host"}, plan)).job
    assert job is not None
    environ = secured.environment()
    waker = Waker(environ["MATRYOSHKA_REDIS_URL"], servers_of(environ))
    assert 1 == waker.wake_steps(1)
    assert 1 == waker.waiting(STEPS_QUEUE)

    with worker({**os.environ, **secured.environment()}, secured.directory / "log"):
        wait_until(lambda: _state(store, job.id) == "succeeded")
        wait_until(lambda: waker.waiting(STEPS_QUEUE) == 0)

    said = (secured.directory / "log").read_text()
    assert "Connected to rediss://" in said
    for secret in (PASSWORD, "PRIVATE KEY", secured.files.client_key.read_text().splitlines()[1]):
        assert secret not in said
    waker.close()
    store.client.close()


@pytest.mark.parametrize(
    ("host", "changes", "reason"),
    [
        ("127.0.0.1", {"MATRYOSHKA_REDIS_CA_FILE": "other"}, "certificate is not accepted"),
        ("127.0.0.2", {}, "certificate is not accepted: IP address mismatch"),
        ("127.0.0.1", {"MATRYOSHKA_REDIS_PASSWORD_FILE": "wrong"}, "refuses the user or the password"),
    ],
)
def test_what_cannot_be_trusted_is_refused_at_start(
    secured: Secured, host: str, changes: dict[str, str], reason: str
) -> None:
    """Another authority, another name or a wrong password end the API's start, and say why."""
    files = {"other": make_tls_files(secured.directory / "other", "client").ca, "wrong": secured.directory / "wrong"}
    files["wrong"].write_text("not-it")
    given = {name: str(files.get(value, value)) for name, value in changes.items()}
    app = create_app(Settings.from_env(secured.environment(host, **given)))

    with pytest.raises(RuntimeError, match=reason) as refusal:
        refuse_unfit_ledger(app.extensions[EXTENSION])

    assert PASSWORD not in str(refusal.value)
    assert "MATRYOSHKA_REDIS" in str(refusal.value)


def test_the_doctor_reaches_the_server_as_the_service_does(secured: Secured) -> None:
    """With the same variables, so with the same certificates and the password of the file; without them it says so."""
    assert "ok" == _redis_by_doctor(secured.environment())
    assert "error" == _redis_by_doctor(secured.environment(MATRYOSHKA_REDIS_PASSWORD_FILE=""))


def _redis_by_doctor(environ: dict[str, str]) -> str:
    env = {**os.environ, **environ, "MATRYOSHKA_URL": "http://127.0.0.1:1", "MATRYOSHKA_API_KEY": "mk_none"}
    argv = [sys.executable, "-m", "service.cli", "-o", "json", "doctor"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert PASSWORD not in done.stdout + done.stderr
    outcome: str = next(one for one in json.loads(done.stdout)["checks"] if one["check"] == "redis.reachable")[
        "outcome"
    ]
    return outcome


def test_nothing_works_without_the_client_certificate(secured: Secured) -> None:
    """A server that asks for a client certificate is not reached without one; its alert may be lost."""
    environ = secured.environment(MATRYOSHKA_REDIS_CERT_FILE="", MATRYOSHKA_REDIS_KEY_FILE="")

    assert 503 == create_app(Settings.from_env(environ)).test_client().get("/readyz").status_code


def test_a_worker_does_not_stay_with_a_server_that_it_cannot_trust(secured: Secured) -> None:
    """A worker that is given another authority ends and names the variable."""
    other = make_tls_files(secured.directory / "other", "client").ca
    broken = {**os.environ, **secured.environment(MATRYOSHKA_REDIS_CA_FILE=str(other))}
    with worker(broken, secured.directory / "log") as process:
        assert 0 != process.wait(30)

    assert "MATRYOSHKA_REDIS_CA_FILE" in (secured.directory / "log").read_text()


def _state(store: Store, job_id: str) -> str:
    job = store.jobs.get(job_id)
    return str(job.state) if job else ""
