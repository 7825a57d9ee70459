"""Fixtures of tests that need a PowerShell engine, which is started once a test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.powershell_stage import Stage


@pytest.fixture(scope="session")
def stage(pwsh: str) -> Iterator[Stage]:
    """A running engine for all tests of this process whose scripts may share one."""
    one = Stage(pwsh)
    yield one
    one.close()
