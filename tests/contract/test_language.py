"""Windows translates its messages: nothing of the module may depend on them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.contract.compare import differences
from tests.contract.groups import all_scenarios
from tests.contract.kit import Play
from tests.contract.scenario import Scenario

GROUPS = all_scenarios()
ENGLISH = "en-US"
_EVERY = 12


@pytest.mark.parametrize("scenarios", GROUPS.values(), ids=list(GROUPS))
def test_an_english_windows_does_the_same(play: Play, scenarios: Sequence[Scenario]) -> None:
    """Every scenario is played in German; a part of them, always the same, ends in English as it does there."""
    chosen = [one for one in scenarios if zlib.crc32(one.id.encode()) % _EVERY == 0 and not one.world.language]
    # Not the outcomes of the group's own tests: another process may have played those.
    german = play.engine.run(chosen)
    english = play.engine.run([replace(one, world=replace(one.world, language=ENGLISH)) for one in chosen])
    found = {one.id: differences(one, *both) for one, *both in zip(chosen, german, english, strict=True)}

    assert {name: lines for name, lines in found.items() if lines} == {}
