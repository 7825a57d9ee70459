"""A step's call: what a handler's read costs against the same pipeline run with plain pypsrp on a warm pool."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from pypsrp.powershell import PowerShell, RunspacePool

from tests.bench.figures import Figure
from tests.integration.sandbox_process import SandboxProcess, Watching, running_sandbox
from workers.psrp.host import CallScope, ClaimHost
from workers.psrp.line import HostLine
from workers.psrp.pool import SessionPool, session_opener
from workers.psrp.transport import Timeouts, open_connection
from workers.secrets import Keyring, Scrubber, SecretBox

_ROUNDS = 25
_EACH = 20
_NAME = "Get-NestedModuleInfo"


def measure() -> list[Figure]:
    """Return one figure: time of our call over that of the raw pipeline (lower is better)."""
    with running_sandbox(clock=1000.0) as sandbox:
        pool = SessionPool(session_opener(Timeouts()))
        raw = _Raw(sandbox)
        try:
            return [_compare(_ours(sandbox, pool), raw.call)]
        finally:
            raw.close()
            pool.close_idle(everything=True)


def _compare(ours: Callable[[], object], raw: Callable[[], object]) -> Figure:
    _seconds(ours, 10)
    _seconds(raw, 10)
    rounds = [(_seconds(ours, _EACH), _seconds(raw, _EACH)) for _ in range(_ROUNDS)]
    mine, theirs = (statistics.median(row[index] for row in rounds) for index in (0, 1))
    return Figure(
        "step call against a raw warm pipeline",
        [row[0] / row[1] for row in rounds],
        f"ours {1000 * mine:.1f} ms, raw {1000 * theirs:.1f} ms",
        f"{_ROUNDS} rounds of {_EACH} in turn, TLS, one warm session each, with Terminate: a handler's read "
        f"(typed values, relay, parsing) against pypsrp alone; both run Invoke-NestedCall of {_NAME}.",
        at_most=1.1,
    )


def _seconds(call: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - began) / count


def _ours(sandbox: SandboxProcess, pool: SessionPool) -> Callable[[], object]:
    line = HostLine(pool, sandbox.endpoint, Watching())
    box = SecretBox({}, Keyring(str.encode), Scrubber())
    host = ClaimHost(line, CallScope("job_1.step.1", 1, lambda: 60.0), box)
    return lambda: host.read(_NAME)


class _Raw:
    def __init__(self, sandbox: SandboxProcess) -> None:
        self._connection = open_connection(sandbox.endpoint(), Timeouts())
        self._pool = RunspacePool(self._connection)
        self._pool.open()

    def call(self) -> list[Any]:
        with PowerShell(self._pool) as powershell:
            powershell.add_cmdlet("Invoke-NestedCall").add_parameter("Name", _NAME)
            found: list[Any] = powershell.invoke()
        return found

    def close(self) -> None:
        self._pool.close()
        self._connection.close()
