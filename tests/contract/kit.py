"""What a group's test file needs: play all its scenarios once, then ask for each what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.contract.compare import differences
from tests.contract.engine import Engine
from tests.contract.scenario import Outcome, Scenario
from tests.contract.simulated import Simulation


@dataclass(frozen=True)
class Played:
    """The outcomes of a group by the scenarios' ids: those of the engine, then of the sandbox."""

    outcomes: dict[str, tuple[Scenario, Outcome, Outcome]]

    def differences(self, scenario: Scenario) -> list[str]:
        """What does not hold or differs; empty when all is well."""
        return differences(*self.outcomes[scenario.id])


@dataclass(frozen=True)
class Play:
    """Both engines, and what was played on them in this session."""

    engine: Engine
    simulation: Simulation
    known: dict[tuple[str, ...], Played] = field(default_factory=dict)

    def all(self, scenarios: Sequence[Scenario]) -> Played:
        """Run scenarios on both, once a session."""
        key = tuple(scenario.id for scenario in scenarios)
        if key not in self.known:
            with ThreadPoolExecutor(1) as other:  # the engine is another process: it runs meanwhile
                engine = other.submit(self.engine.run, scenarios)
                simulated = self.simulation.run(scenarios)
            answers = zip(scenarios, engine.result(), simulated, strict=True)
            self.known[key] = Played({one.id: (one, real, simulated) for one, real, simulated in answers})
        return self.known[key]


def each(scenarios: Sequence[Scenario]) -> pytest.MarkDecorator:
    """A test for each scenario, by the name `scenario`. ValueError when two have one id."""
    ids = [scenario.id for scenario in scenarios]
    if len(set(ids)) != len(ids):
        raise ValueError(f"two scenarios have one id: {sorted({one for one in ids if ids.count(one) > 1})}")
    return pytest.mark.parametrize("scenario", scenarios, ids=ids)
