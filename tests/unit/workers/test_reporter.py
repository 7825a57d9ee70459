"""What a step tells: little progress, every warning, bunches of lines, no secret, and no failure for a dead ledger."""

from __future__ import annotations

import pytest

from tests.fakes import FakeClock, make_claim
from tests.unit.workers.kit import FakeLedger, progress
from workers.errors import LeaseLost, RemoteError
from workers.psrp.streams import Record, Stream
from workers.reporter import Reporter
from workers.secrets import Scrubber, SecretStr


def _reporter(ledger: FakeLedger, clock: FakeClock) -> Reporter:
    scrubber = Scrubber()
    scrubber.add(SecretStr("s3cret-value"))
    return Reporter(ledger, make_claim(), scrubber, clock.monotonic)


def test_progress_is_told_at_most_twice_a_second_and_the_last_word_counts() -> None:
    """A storm of progress becomes one event now and one half a second later, with the newest text."""
    ledger, clock = FakeLedger(), FakeClock()
    reporter = _reporter(ledger, clock)
    for number in range(50):
        reporter.relay([progress(f"part {number}", number)])
    clock.advance(0.5)
    reporter.flush()
    reporter.flush(now=True)

    told = [(percent, message) for _, _, percent, message in ledger.events]
    assert [(0, "part 0"), (49, "part 49")] == told


def test_percent_never_goes_back_and_stays_below_the_end() -> None:
    """Several calls of one step count from zero each; callers see it rise, and 100 only when the step is recorded."""
    ledger, clock = FakeLedger(), FakeClock()
    reporter = _reporter(ledger, clock)
    for percent in (60, 10, None, 100):
        reporter.report(percent, f"at {percent}")
        clock.advance(1)

    assert [60, 60, 60, 99] == [event[2] for event in ledger.events]
    assert {"percent": 99, "message": "at 100"} == ledger.events[-1][1]


def test_every_warning_is_an_event_of_its_own() -> None:
    """Warnings and errors on the way are never bunched or dropped; errors carry their id."""
    ledger, clock = FakeLedger(), FakeClock()
    error = RemoteError("odd", error_id="X,Y", category="ResourceBusy")
    warnings = [Record(Stream.WARNING, f"w{number} s3cret-value") for number in range(10)]
    _reporter(ledger, clock).relay([*warnings, Record(Stream.ERROR, "odd", error=error)])

    assert ["step.warned"] * 11 == ledger.types()
    assert {"message": "w0 [secret]"} == ledger.events[0][1]
    assert {"message": "odd", "error_id": "X,Y", "category": "ResourceBusy"} == ledger.events[-1][1]


def test_lines_come_in_bunches_and_a_flood_is_counted() -> None:
    """Verbose and information become few events; what is too much is dropped, and the number is told."""
    ledger, clock = FakeLedger(), FakeClock()
    reporter = _reporter(ledger, clock)
    reporter.flush(now=True)
    reporter.relay([Record(Stream.VERBOSE, f"line {number}") for number in range(600)])
    assert [] == ledger.events
    for _ in range(20):
        clock.advance(0.5)
        reporter.flush()

    lines = [line for event in ledger.events for line in event[1]["lines"]]
    assert 10 == len(ledger.events)
    assert 500 == len(lines)
    assert 100 == ledger.events[0][1]["dropped"]
    assert {"stream": "verbose", "text": "line 599"} == lines[-1]


def test_the_last_flush_tells_every_line() -> None:
    """What a call said last explains how it ended: more than one bunch of it is not lost with the claim."""
    ledger, clock = FakeLedger(), FakeClock()
    reporter = _reporter(ledger, clock)
    reporter.flush(now=True)
    reporter.relay([Record(Stream.VERBOSE, f"line {number}") for number in range(120)])
    reporter.flush(now=True)

    assert [50, 50, 20] == [len(event[1]["lines"]) for event in ledger.events]
    assert {"stream": "verbose", "text": "line 119"} == ledger.events[-1][1]["lines"][-1]


def test_a_ledger_that_is_away_costs_the_event_only() -> None:
    """A running step does not fail because an event cannot be stored."""
    ledger, clock = FakeLedger(away=1), FakeClock()
    reporter = _reporter(ledger, clock)
    reporter.report(10, "dropped")
    clock.advance(1)
    reporter.report(20, "stored")

    assert ["stored"] == [event[3] for event in ledger.events]


def test_a_lost_lease_is_told_to_the_step() -> None:
    """An event that the ledger refuses ends the step: somebody else owns it."""
    with pytest.raises(LeaseLost):
        _reporter(FakeLedger(lost=True), FakeClock()).report(1, "x")
