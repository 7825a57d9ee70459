"""The contract of virtual switches and NAT networks."""

from __future__ import annotations

import pytest

from tests.contract.kit import Play, Played, each
from tests.contract.scenario import Scenario
from tests.contract.scenarios.switches import SCENARIOS


@pytest.fixture(scope="module")
def played(play: Play) -> Played:
    """All scenarios of the group, played on both engines."""
    return play.all(SCENARIOS)


@each(SCENARIOS)
def test_both_engines_do_the_same(played: Played, scenario: Scenario) -> None:
    """The real engine over the pretended Windows and the sandbox over PSRP answer and leave behind the same."""
    assert played.differences(scenario) == []
