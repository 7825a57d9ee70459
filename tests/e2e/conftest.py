"""The whole service for end-to-end tests: real HTTP, Valkey, Celery workers, pypsrp, a simulated host on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack, StackSettings
from tests.e2e.driver import Driver

CLOCK = 150.0
SANDBOX = ("--os", "20348", "--cpu", "intel", "--memory-gib", "768", "--disk-gib", "65536")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all end-to-end tests; the tests that kill parts of it rely on its supervisor, as users do."""
    settings = StackSettings(
        directory=tmp_path_factory.mktemp("stack"),
        clock=CLOCK,
        lease_seconds=5.0,
        heartbeat_seconds=1.0,
        sandbox_arguments=SANDBOX,
        environment={"MATRYOSHKA_SELF_FENCE_MARGIN_SECONDS": "1", "MATRYOSHKA_WEBHOOK_SCHEDULE": "0,0.2,0.5,1,2"},
    )
    with Stack(settings) as running:
        yield running


@pytest.fixture
def driver(stack: Stack) -> Iterator[Driver]:
    """A caller of the service; afterwards the simulated host must not have found a bug of its own."""
    driver = Driver(stack)
    yield driver
    driver.clear_faults()
    driver.finish_everything()
    assert driver.sandbox("GET", "/bugs") == []
