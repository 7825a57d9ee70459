"""What the tests of the wire's traps share: two kinds of hosts, sessions and lines to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.sandbox_process import SandboxProcess, Watching, running_sandbox
from workers.psrp.invoke import Invocation
from workers.psrp.line import HostLine
from workers.psrp.pool import SessionPool, session_opener
from workers.psrp.session import HostSession
from workers.psrp.transport import Timeouts

TIMEOUTS = Timeouts(connect=15, operation=4, read=9, poll=0.3)
ECHO = Invocation("Write-Output", {"InputObject": "hello"})
SHORT = Invocation("Start-Sleep", {"Seconds": 2.0})
LONG = Invocation("Start-Sleep", {"Seconds": 40.0})
AUTHS = ["basic", "negotiate"]


@contextmanager
def two_hosts() -> Iterator[dict[str, SandboxProcess]]:
    """Run a host for each kind of connection: TLS with basic, and sealed messages on http."""
    with running_sandbox() as tls, running_sandbox(scheme="http") as sealed:
        yield {"basic": tls, "negotiate": sealed}


def host_of(hosts: dict[str, SandboxProcess], request: pytest.FixtureRequest) -> SandboxProcess:
    """Return the host for the `auth` that a test is parametrized with (basic by default), without faults."""
    named = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    chosen = hosts[str(named.get("auth", "basic"))]
    chosen.reset()
    return chosen


def opened_session(sandbox: SandboxProcess, auth: str = "basic") -> HostSession:
    """Open a session that the calling thread owns."""
    session = HostSession(sandbox.endpoint(auth), TIMEOUTS)
    session.open()
    session.take()
    return session


def shell_id(session: HostSession) -> str:
    """Return the shell's id as the host lists it."""
    return str(session.pool.id).upper()


def shell_ids(sandbox: SandboxProcess) -> list[str]:
    """Return the ids of all shells on the host."""
    return [str(shell["shell_id"]).upper() for shell in sandbox.shells()]


def invocations(sandbox: SandboxProcess) -> int:
    """Return how many functions the host has run."""
    return sandbox.wire("invocations")


def wait_until_back(sandbox: SandboxProcess) -> None:
    """End the host's refusing, and return when it takes calls again."""
    sandbox.ask("POST", "/front", {"listening": True})
    patient, pool, _ = open_line(sandbox, patience=30.0)
    patient.invoke(ECHO)
    pool.close_idle(everything=True)


def open_line(
    sandbox: SandboxProcess, auth: str = "basic", patience: float = 60.0
) -> tuple[HostLine, SessionPool, Watching]:
    """Return a line with short time-outs, its pool and its watch."""
    pool = SessionPool(session_opener(TIMEOUTS))
    watch = Watching()
    return HostLine(pool, lambda: sandbox.endpoint(auth), watch, patience_seconds=patience), pool, watch
