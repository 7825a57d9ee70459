"""Rules for faults: when they match, how often they apply, and what is no rule."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import (
    Fault,
    Faults,
    FaultSpecError,
    fault_from_mapping,
    fault_from_text,
    invoke_moment,
    request_moment,
)

COMMAND = request_moment("HV1", "Command", frozenset({"invoke-nestedcall", "new-nestednode"}))
RECEIVE = request_moment("HV1", "Receive", frozenset())
INVOKE = invoke_moment("HV1", frozenset({"new-nestednode"}))


@pytest.mark.parametrize(
    ("fault", "moment", "applies"),
    [
        (Fault("http_status"), RECEIVE, True),
        (Fault("http_status"), INVOKE, False),
        (Fault("http_status", action="Command"), RECEIVE, False),
        (Fault("http_status", action="Command", host="HV2"), COMMAND, False),
        (Fault("http_status", function="New-NestedNode"), COMMAND, True),
        (Fault("http_status", function="New-NestedNode"), RECEIVE, False),
        (Fault("drop", function="New-NestedNode", when="after"), COMMAND, False),
        (Fault("drop", function="New-NestedNode", when="after"), COMMAND.after(), True),
        (Fault("hang", function="New-NestedNode"), COMMAND, False),
        (Fault("hang", function="New-NestedNode"), INVOKE, True),
        (Fault("hang", function="New-NestedNode", action="Command"), COMMAND, True),
        (Fault("error", function="New-NestedNode"), INVOKE, True),
        (Fault("quota"), request_moment("HV1", "Create", frozenset()), True),
        (Fault("quota"), COMMAND, False),
    ],
)
def test_a_rule_matches_its_moment(fault: Fault, moment: Any, applies: bool) -> None:
    """Action, function, host and moment decide; a function's faults apply where it runs, the wire's at its Command."""
    faults = Faults()
    faults.add(fault)

    assert applies == bool(faults.take(moment))


def test_a_rule_is_used_up() -> None:
    """`skip` lets the first ones pass, `count` is how often it applies, 0 for ever."""
    faults = Faults()
    faults.add(Fault("http_status", skip=1, count=2))
    taken = [len(faults.take(RECEIVE)) for _ in range(5)]
    faults.add(Fault("http_status", count=0))

    assert [0, 1, 1, 0, 0] == taken
    assert [1] * 5 == [len(faults.take(RECEIVE)) for _ in range(5)]
    assert {"http_status": 7} == faults.snapshot()["applied"]


def test_a_rule_can_apply_every_nth_time() -> None:
    """`every` spreads the counts over the traffic."""
    faults = Faults()
    faults.add(Fault("drop", every=3, count=2))

    assert [0, 0, 1, 0, 0, 1, 0, 0, 0] == [len(faults.take(RECEIVE)) for _ in range(9)]


def test_lost_progress_is_asked_for_by_name() -> None:
    """A rule for progress records is not used up by anything else."""
    faults = Faults()
    faults.add(Fault("lost_progress", function="New-NestedNode"))

    assert ([], 1) == (faults.take(INVOKE), len(faults.take(INVOKE, only="lost_progress")))


def test_rules_can_be_cleared() -> None:
    """Clearing tells how many rules were in force."""
    faults = Faults()
    faults.add(Fault("drop"))

    assert (1, [], 0) == (faults.clear(), faults.take(RECEIVE), faults.clear())


def test_a_rule_is_read_from_text() -> None:
    """The command line form has typed values."""
    expected = Fault("drop", action="Command", when="after", count=2, at_byte=10, seconds=1.5)

    assert expected == fault_from_text("drop, action=Command,when=after,count=2,at_byte=10,seconds=1.5")


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "nonsense"},
        {"kind": "drop", "color": "red"},
        {"kind": "drop", "action": "Dance"},
        {"kind": "drop", "when": "later"},
        {"kind": "drop", "count": "many"},
        {},
    ],
)
def test_what_is_no_rule_is_refused(data: dict[str, Any]) -> None:
    """An unknown kind, field, action, moment or value names itself."""
    with pytest.raises(FaultSpecError):
        fault_from_mapping(data)


def test_text_without_equals_sign_is_refused() -> None:
    """Each part after the kind is field=value."""
    with pytest.raises(FaultSpecError):
        fault_from_text("drop,now")


def test_a_host_is_named_in_any_case() -> None:
    """A rule is taken for a host in any spelling of its name, so it must match in any."""
    faults = Faults()
    faults.add(Fault("drop", host="hv01"))

    assert ["drop"] == [fault.kind for fault in faults.take(request_moment("HV01", "Create", frozenset()))]
