"""The same scenarios on a real Windows host. Collected only where MATRYOSHKA_TEST_HOST names one (host.py)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.compare import broken_promises, shape
from tests.contract.groups import all_scenarios
from tests.contract.host import real_host
from tests.contract.kit import each
from tests.contract.scenario import Scenario
from tests.contract.simulated import Simulation

pytestmark = pytest.mark.host_verified

_HOST = real_host()
_FOLDER = tempfile.TemporaryDirectory(prefix="contract-")
_SIMULATION = Simulation(Path(_FOLDER.name))


def _runnable() -> Iterator[Scenario]:
    for scenario in (one for group in all_scenarios().values() for one in group):
        if _HOST is not None and not _HOST.why_not(scenario, _SIMULATION):
            yield scenario


@each(tuple(_runnable()))
def test_a_real_host_does_the_same(scenario: Scenario) -> None:
    """What the scenario promises is so on a real Windows, and its answer has the fields and types of the sandbox's."""
    assert _HOST is not None
    real, (simulated,) = _HOST.run(scenario), _SIMULATION.run([scenario])

    assert list(broken_promises(replace(scenario, unchanged=False), real)) == []
    assert shape(real) == shape(simulated)
