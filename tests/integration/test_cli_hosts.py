"""`matryoshka hosts test` beside a real API process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.ledger.store import StepOutcome, StepResult
from tests.integration.cli_kit import Shell, running_shell
from tests.integration.ledger_kit import wait_until


@pytest.fixture
def shell(redis_url: str, tmp_path: Path) -> Iterator[Shell]:
    """The command beside an API process that has a host and an image."""
    with running_shell(redis_url, tmp_path) as one:
        yield one


def test_a_host_is_tested_and_its_first_fault_told(shell: Shell) -> None:
    """The checks are printed in order with the cure of the first that failed; 11 says that one did."""
    worker = threading.Thread(target=_fail_the_port, args=(shell,))
    worker.start()
    done = shell.run("hosts", "test", "hv1", "--timeout", "40s")
    worker.join()

    assert 11 == done.returncode, done.stderr
    assert "PORT_REFUSED: nothing listens" in done.stdout
    assert "    Start-Service -Name WinRM" in done.stdout
    assert ["passed", "failed", "not reached"] == [
        next(word for word in ("not reached", "passed", "failed") if word in line)
        for line in done.stdout.splitlines()
        if line.startswith(("name", "port", "tls"))
    ]


def _fail_the_port(shell: Shell) -> None:
    """Play a worker whose second check fails."""
    fact = {"outcome": "failed", "code": "PORT_REFUSED", "why": "nothing listens", "detail": "refused", "seen": {}}
    fact |= {"remedy": "start it", "commands": ["Start-Service -Name WinRM"], "source": "a page"}
    leases = shell.served.store.leases
    first = wait_until(lambda: leases.claim("worker-1", 60))
    leases.finish(first, StepResult(StepOutcome.SUCCEEDED, facts={"check.name": {"outcome": "passed", "seen": {}}}))
    second = wait_until(lambda: leases.claim("worker-1", 60))
    leases.finish(second, StepResult(StepOutcome.FAILED, facts={"check.port": fact}, error={"code": "PORT_REFUSED"}))
