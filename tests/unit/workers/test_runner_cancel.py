"""A cancelled claim: the call is stopped, and the journal is asked whether it really is over."""

from __future__ import annotations

from typing import Any

import pytest

from service.ledger.store.claims import StepOutcome, StepResult
from tests.fakes import make_claim
from tests.unit.workers.kit import Act, progress
from tests.unit.workers.test_runner import _bench, _changing, _result
from workers.errors import DeadlinePassed, HostBusy, HostUnreachable, OutcomeUnknown
from workers.psrp.invoke import Invocation
from workers.psrp.port import GuestTarget
from workers.psrp.streams import Record, Stream
from workers.steps.base import Applied, Checked, StepContext


def _cancel(_: Invocation, watch: Any) -> None:
    if hasattr(watch, "reporter"):
        watch.lease.cancelling = True
        watch.tick()


@pytest.mark.parametrize(
    ("status", "unconfirmed"), [("stopped", False), ("absent", False), ("abandoned", False), ("running", True)]
)
def test_a_cancelled_call_is_confirmed_by_the_journal(status: str, unconfirmed: bool) -> None:
    """After a cancel the journal is asked; only when it still says running the result is unconfirmed."""
    bench = _bench(Act(applies=_changing), **{"Get-NestedCall": f'{{"Status": "{status}"}}'})
    bench.during = _cancel

    result = _result(bench)

    asked = [item for item in bench.calls if item.function == "Get-NestedCall"]
    assert (StepOutcome.CANCELLED, unconfirmed) == (result.outcome, result.cancel_unconfirmed)
    assert bench.calls[0].call_id == asked[0].parameters["parameters"]["CallId"]


def test_what_a_cancelled_call_said_last_is_told() -> None:
    """How far it came is what whoever cancelled it wants to know."""
    bench = _bench(Act(applies=_changing), **{"Get-NestedCall": _status("stopped")})

    def cancel(invocation: Invocation, watch: Any) -> None:
        if invocation.function == "New-Thing":
            watch.relay([progress("half done", 50), Record(Stream.VERBOSE, "last words")])
        _cancel(invocation, watch)

    bench.during = cancel

    assert StepOutcome.CANCELLED is _result(bench).outcome
    assert ["half done", None] == [event[3] for event in bench.ledger.events]
    assert [{"stream": "verbose", "text": "last words"}] == bench.ledger.events[-1][1]["lines"]


def test_a_cancel_that_cannot_be_confirmed_says_so() -> None:
    """When the host does not answer after a cancel, the result is unconfirmed instead of lost."""
    bench = _bench(Act(applies=_changing), **{"Get-NestedCall": HostUnreachable("down")})
    bench.during = _cancel

    assert _result(bench).cancel_unconfirmed is True


def test_a_cancel_before_any_change_needs_no_confirmation() -> None:
    """Nothing that changes something was asked of the host, so nothing can still run there."""
    bench = _bench(Act(checks=lambda ctx: Checked(ctx.host.read("Get-Thing"))), **{"Get-Thing": "{}"})
    bench.during = _cancel

    result = _result(bench)

    assert (StepOutcome.CANCELLED, False) == (result.outcome, result.cancel_unconfirmed)
    assert ["Get-Thing"] == [item.function for item in bench.calls]


_FORMER = {"call_id": "job_0.s.1#2"}


def _status(status: str) -> str:
    return f'{{"Status": "{status}"}}'


def _claim(**fields: Any) -> Any:
    return make_claim("Act", job_id="job_0", step={"id": "s"}, **{"open_call": _FORMER, **fields})


@pytest.mark.parametrize(("status", "unconfirmed"), [("completed", False), ("running", True)])
def test_a_cancel_asks_about_the_call_of_an_earlier_claim(status: str, unconfirmed: bool) -> None:
    """A step that was taken up again and is cancelled in its check still has its former worker's call to answer for."""
    bench = _bench(
        Act(checks=lambda ctx: Checked(ctx.host.read("Get-Thing"))),
        **{"Get-Thing": "{}", "Get-NestedCall": _status(status)},
    )
    bench.during = _cancel
    result = _result(bench, _claim(attempt=2))

    assert (unconfirmed, unconfirmed) == (result.cancel_unconfirmed, result.call_open)
    assert _FORMER["call_id"] == bench.calls[-1].parameters["parameters"]["CallId"]


def test_a_cancel_asks_in_the_guest_that_the_call_ran_in() -> None:
    """The journal of a guest's call is the guest's own."""
    guest = {"vm_id": "v", "credential": "guest_administrator", "computer_name": "", "username": "Administrator"}
    bench = _bench(Act(), **{"Get-NestedCall": _status("stopped")})
    claim = _claim(open_call={**_FORMER, "guest": guest}, secrets={"guest_administrator": {"sealed": "s3cret-value"}})
    bench.during = _cancel
    bench.handlers["Act"] = Act(checks=lambda ctx: Checked(ctx.host.read("Get-Thing")))
    result = _result(bench, claim)

    assert result.cancel_unconfirmed is False
    assert GuestTarget("v") == bench.calls[-1].guest


@pytest.mark.parametrize("error", [OutcomeUnknown("?"), HostUnreachable("down"), DeadlinePassed("late")])
def test_an_unknown_end_is_told_with_the_result(error: Exception) -> None:
    """A change whose end is not known leaves its call open; the ledger must not take it for stopped."""
    bench = _bench(Act(applies=_changing), **{"New-Thing": error, "Get-NestedCall": _status("running")})

    assert _result(bench).call_open is True
    assert _result(_bench(Act(applies=_changing))).call_open is False


def test_a_call_that_never_started_needs_no_confirmation() -> None:
    """A step that is cancelled while its call still waits for a session of the host left nothing that may run."""

    def cancelled_in_the_queue(ctx: StepContext) -> Applied:
        assert bench.lease is not None
        bench.lease.cancelling = True
        return _changing(ctx)

    bench = _bench(Act(applies=cancelled_in_the_queue), **{"Get-NestedCall": HostBusy("full")})
    result = _result(bench)

    assert (StepOutcome.CANCELLED, False, False) == (result.outcome, result.cancel_unconfirmed, result.call_open)
    assert ["New-Thing"] == [item.function for item in bench.calls]


def test_an_earlier_call_does_not_close_the_later_one() -> None:
    """The first call is answered by the journal; the second one, which another worker began, stays open."""

    def first_only(ctx: StepContext) -> Applied:
        _changing(ctx)
        raise OutcomeUnknown("then something else")

    assert _result(_bench(Act(applies=first_only)), _claim()).call_open is True


def test_nothing_is_undone_beside_a_running_call() -> None:
    """The way back waits until the journal says that the way there is over; when it lasts, the step waits."""
    undone: list[str] = []
    bench = _bench(Act(undoes=lambda ctx: undone.append(ctx.node)), **{"Get-NestedCall": _status("running")})
    waits = _result(bench, _claim(phase="undo"))
    assert (StepOutcome.WAIT, True, []) == (waits.outcome, waits.call_open, undone)

    bench.answers["Get-NestedCall"] = _status("completed")
    ended = _result(bench, _claim(phase="undo"))
    assert (StepOutcome.SUCCEEDED, False, 1) == (ended.outcome, ended.call_open, len(undone))


def test_no_new_generation_runs_beside_an_old_call() -> None:
    """A retry begins when the journal says that the former try's call is over; the same try joins its own call."""
    bench = _bench(Act(applies=_changing), **{"Get-NestedCall": _status("running")})

    assert StepOutcome.WAIT is _result(bench, _claim(generation=2)).outcome
    assert StepOutcome.SUCCEEDED is _result(bench, _claim(generation=1)).outcome


def test_a_call_that_runs_too_long_is_not_told_as_a_host_that_is_away() -> None:
    """The host said that the former try's call runs: at the deadline that is what was late."""
    bench = _bench(Act(applies=_changing), **{"Get-NestedCall": _status("running")})
    waits = _result(bench, _claim(generation=2))
    late = {"step_started_at": 1000.0, "claimed_at": 1601.0}
    ended = _result(bench, _claim(generation=2, memo=waits.memo, **late))

    assert ended.error is not None
    assert "DEADLINE_PASSED" == ended.error["code"]


def test_a_passed_check_is_not_trusted_while_the_call_runs() -> None:
    """What the former worker's call is still about to do belongs to the step."""
    bench = _bench(Act(checks=lambda _: Checked()), **{"Get-NestedCall": _status("running")})

    assert StepOutcome.WAIT is _result(bench, _claim()).outcome


def test_a_drain_during_the_confirmation_knows_the_open_call() -> None:
    """A process that leaves while it asks whether the call is over gives the step back with its call still open."""
    bench = _bench(Act(applies=_changing), **{"Get-NestedCall": _status("stopped")})
    released: list[StepResult] = []

    def cancel(invocation: Invocation, watch: Any) -> None:
        if invocation.function == "Get-NestedCall":
            assert bench.lease is not None
            released.append(bench.lease.released())
        _cancel(invocation, watch)

    bench.during = cancel
    result = _result(bench)

    assert result.call_open is False
    assert [(StepOutcome.RELEASED, True, {"_begun": True})] == [
        (item.outcome, item.call_open, item.memo) for item in released
    ]
