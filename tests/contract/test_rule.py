"""No function, no change and no refusal of docs/functions.md is without a scenario."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.contract.groups import all_scenarios, forgotten
from tests.contract.scenario import Scenario
from tests.rules.functions_page import PAGE, PageFunction, functions_of_page

FUNCTIONS = functions_of_page()
_SCENARIOS = [scenario for group in all_scenarios().values() for scenario in group]
_HEAD = re.compile(r"^\| function \|(?P<rest>.*)\|$")
_BAR = re.compile(r"(?<=\s)\|(?=\s)")
_WORD = re.compile(r"`([A-Z]\w+)(?:,\.*\w+)?`")

# Refusals of the page that no scenario can bring about, with the reason.
UNREACHABLE: dict[tuple[str, str], str] = {}
# Functions that say Changed also when they are repeated, with the reason.
ALWAYS_CHANGING = {
    "Restart-NestedGuest": "it cannot see that a restart is planned: Windows keeps the planned one",
    "Set-NestedGuestPassword": "Windows does not tell a password; trying a logon with it counts as a failed one",
}


def _named(function: str) -> list[Scenario]:
    return [scenario for scenario in _SCENARIOS if scenario.function == function]


def refusals_of_page(text: str) -> Iterator[tuple[str, str]]:
    """(function, error id without prefix and function) of every error that a row of the page names."""
    column = 0  # cells are told apart by spaces: some hold a bar themselves
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            names = [cell.strip() for cell in re.split(_BAR, head["rest"])]
            column = next(number for number, name in enumerate(names) if name.startswith("errors"))
        row = re.match(r"^\| `(\w+-Nested\w*)`(?: \*\*C\*\*)? \|(.*)\|$", line)
        if row:
            for word in _WORD.findall(re.split(_BAR, row[2])[column]):
                yield row[1], word


REFUSALS = tuple(refusals_of_page(PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_every_function_has_its_scenarios(function: PageFunction) -> None:
    """Each function is played fresh; one that changes something also repeated and as a what-if."""
    names = [scenario.name for scenario in _named(function.name) if not scenario.expect]

    assert [name for name in names if name.startswith(("fresh", "read"))], "no scenario 'fresh' or 'read'"
    if function.changes:
        assert [name for name in names if name.startswith("already done")], "no scenario 'already done'"
        what_ifs = [one for one in _named(function.name) if one.what_if and one.must_stay]
        assert what_ifs, "no what-if"


def _when_done(scenario: Scenario) -> bool:
    return scenario.function in ALWAYS_CHANGING


def test_changes_are_anchored() -> None:
    """A change that is fresh says Changed, one that is done or a what-if says not; a what-if's name says what it is."""
    changing = [one for one in _SCENARIOS if FUNCTIONS[one.function].changes and not one.expect]
    wrong = [one.id for one in changing if one.name.startswith("fresh") and one.changed is not True]
    wrong += [one.id for one in changing if one.name.startswith("already done") and one.changed is not _when_done(one)]
    wrong += [one.id for one in changing if one.what_if and one.changed is not False]
    wrong += [one.id for one in _SCENARIOS if one.name.startswith("what-if") and not one.what_if and one in changing]

    assert wrong == []


@pytest.mark.parametrize(("function", "word"), REFUSALS)
def test_every_refusal_has_a_scenario(function: str, word: str) -> None:
    """Each error id that a row of the page names is the anchor of a scenario of that function."""
    ids = [scenario.expect for scenario in _named(function)]
    wanted = (f"Matryoshka.{word},{function}", f"{word},")

    found = any(one == wanted[0] or one.startswith(wanted[1]) for one in ids)
    assert found != ((function, word) in UNREACHABLE)


def test_scenarios_are_of_functions_that_exist() -> None:
    """No scenario is of a function that the page does not know, none is played by nobody, and no id is used twice."""
    ids = [scenario.id for scenario in _SCENARIOS]

    assert {scenario.function for scenario in _SCENARIOS} <= set(FUNCTIONS)
    assert sorted(ids) == sorted(set(ids))
    assert forgotten() == []


def test_the_refusals_of_the_page_are_read() -> None:
    """Rows of both table shapes, words with a category and ids of Windows are found, function names are not."""
    found = set(REFUSALS)

    assert len(found) > 45
    assert {
        ("Invoke-NestedCall", "FenceTooOld"),
        ("Remove-NestedNat", "NotOwned"),
        ("Install-NestedRole", "Alteration_PrerequisiteCheck_Failed"),
        ("New-NestedNode", "DiskNotFound"),
        ("Wait-NestedGuest", "VmNotFound"),
    } <= found
    assert "Invoke" not in {word for _, word in found}
