"""One claim becomes one result: the order of its parts, and what each kind of failure leaves in the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from service.ledger.store.claims import StepOutcome, StepResult
from tests.fakes import make_claim
from tests.unit.workers.kit import Act, Bench
from workers.errors import (
    AccessDenied,
    HostBusy,
    HostUnreachable,
    NotConverged,
    OutcomeUnknown,
    RemoteError,
    SessionLost,
    StepRefused,
)
from workers.psrp.invoke import Invocation
from workers.psrp.line import Contact
from workers.steps.base import Applied, Checked, StepContext, Wait
from workers.steps.reasons import explained


def _changing(ctx: StepContext) -> Applied:
    return Applied({"answer": ctx.host.change("New-Thing", name="x")})


def _bench(handler: Act, **answers: Any) -> Bench:
    return Bench({"Act": handler}, {"New-Thing": '{"Changed": true}', **answers})


def _result(bench: Bench, claim: Any = None) -> StepResult:
    result = bench.run(claim)
    assert result is not None
    return result


def test_the_parts_run_in_order_and_facts_add_up() -> None:
    """Check, intent, apply, verify: the intent is there before the change, and facts of both parts are kept."""
    seen: list[str] = []
    bench = _bench(Act())

    def apply(ctx: StepContext) -> Applied:
        seen.append(f"apply after {len(bench.ledger.intents)} intent")
        return Applied({"a": 1})

    bench.handlers["Act"] = Act(applies=apply)
    result = _result(bench)

    assert ["apply after 1 intent"] == seen
    assert StepOutcome.SUCCEEDED is result.outcome
    assert {"a": 1, "v": 2} == result.facts


def test_a_passed_check_is_skipped_only_when_nobody_acted_before() -> None:
    """A first look that finds everything done says skipped; after an earlier claim or wait it says succeeded."""
    bench = _bench(Act(checks=lambda _: Checked({"f": 1})))

    assert StepOutcome.SKIPPED is _result(bench).outcome
    assert StepOutcome.SUCCEEDED is _result(bench, make_claim("Act", attempt=2)).outcome
    assert StepOutcome.SUCCEEDED is _result(bench, make_claim("Act", memo={"_begun": True})).outcome
    assert [] == bench.ledger.intents


def test_a_change_carries_its_call_id_and_fence_and_is_recorded_before() -> None:
    """The call id is job, step and generation with the number of the call; its ids are recorded before it starts."""
    bench = _bench(Act(applies=_changing))

    _result(bench, make_claim("Act", job_id="job_1", step={"id": "s"}, generation=3, fence=9))

    parameters = bench.calls[0].parameters
    assert ("job_1.s.3#1", 9, "New-Thing") == (parameters["call_id"], parameters["fence"], parameters["name"])
    assert {
        "call_id": "job_1.s.3#1",
        "function": "New-Thing",
        "session_id": "session",
        "shell_id": "shell",
        "command_id": "command",
    } == bench.ledger.intents[-1]


def test_undo_runs_under_ids_of_its_own() -> None:
    """The way back asks for other calls than the way there, and a cancelled job does not cancel it."""
    bench = _bench(Act(undoes=lambda ctx: _changing(ctx) and None))

    def cancel(_: Invocation, watch: Any) -> None:
        watch.lease.cancelling = True
        watch.tick()

    bench.during = cancel
    result = _result(bench, make_claim("Act", phase="undo", job_id="job_1", step={"id": "s"}))

    assert StepOutcome.SUCCEEDED is result.outcome
    assert "job_1.s.1.undo#1" == bench.calls[0].parameters["call_id"]


def test_a_wait_gives_the_slot_back_with_its_memo() -> None:
    """Wait becomes a wait with seconds, memo and message; the handler never sees the runner's own note in it."""
    memos: list[Any] = []

    def apply(ctx: StepContext) -> Wait:
        memos.append(dict(ctx.memo))
        return Wait(7.0, {"seen": 1}, "not yet")

    bench = _bench(Act(applies=apply))
    result = _result(bench)
    _result(bench, make_claim("Act", memo=result.memo))

    assert (StepOutcome.WAIT, 7.0, "not yet") == (result.outcome, result.wait_seconds, result.message)
    assert [{}, {"seen": 1}] == memos


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (NotConverged("other"), True),
        (AccessDenied("no"), False),
        (StepRefused("no", reason="CPU_FLAGS_MISSING"), False),
        (RemoteError("busy", error_id="X,Y", category="ResourceBusy"), True),
        (RemoteError("bad", error_id="X,Y", category="InvalidArgument"), False),
    ],
)
def test_an_error_before_any_effect_fails_with_its_retryability(error: Exception, retryable: bool) -> None:
    """Each class of error says whether another attempt makes sense; the pause grows with the attempts."""

    def fail(_: StepContext) -> Applied:
        raise error

    bench = _bench(Act(applies=fail))
    first, third = _result(bench), _result(bench, make_claim("Act", attempt=3))

    assert (StepOutcome.FAILED, retryable) == (first.outcome, first.retryable)
    assert first.error is not None
    assert retryable == first.error["retryable"]
    assert third.retry_after_seconds > 1.5 * first.retry_after_seconds


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("?"),
        SessionLost("gone"),
        HostUnreachable("down"),
        RemoteError("away", error_id="Matryoshka.GuestNotReady,Invoke-NestedGuestCall", category="ResourceUnavailable"),
    ],
)
def test_an_effect_whose_end_is_not_known_is_asked_about_again(error: Exception) -> None:
    """After a change began nothing is retried: the step waits in its generation, the journal is asked."""
    bench = _bench(Act(applies=_changing), **{"New-Thing": error})

    result = _result(bench)

    assert StepOutcome.WAIT is result.outcome
    assert result.wait_seconds > 5
    assert result.memo["_begun"] is True


@pytest.mark.parametrize("error", [HostUnreachable("down"), OutcomeUnknown("?"), SessionLost("gone")])
def test_a_host_that_is_away_costs_no_attempt(error: Exception) -> None:
    """A peer that restarts while it is read is waited for; the deadline is the bound, and then the cause is told."""
    bench = _bench(Act(checks=lambda ctx: Checked(ctx.host.read("Get-Thing"))), **{"Get-Thing": error})
    result = _result(bench)
    late = {"step": {"deadline_seconds": 100}, "step_started_at": 1000.0, "claimed_at": 1101.0}
    ended = _result(bench, make_claim("Act", memo=result.memo, **late))
    bench.answers["Get-Thing"] = "{}"

    assert (StepOutcome.WAIT, False) == (result.outcome, result.call_open)
    assert StepOutcome.SKIPPED is _result(bench, make_claim("Act", memo=result.memo)).outcome
    assert (StepOutcome.FAILED, False) == (ended.outcome, ended.retryable)
    assert ended.error is not None
    assert "HOST_UNREACHABLE" == ended.error["code"]


def test_a_bug_after_an_effect_asks_the_same_calls_again_a_few_times() -> None:
    """New call ids would have the effect again: the step waits in its generation, three times, then it fails."""

    def crash(ctx: StepContext) -> Applied:
        _changing(ctx)
        raise ValueError("oops")

    bench, memo, results = _bench(Act(applies=crash)), {}, []
    for _ in range(4):
        results.append(_result(bench, make_claim("Act", memo=memo)))
        memo = results[-1].memo

    assert [StepOutcome.WAIT] * 3 + [StepOutcome.FAILED] == [item.outcome for item in results]
    assert 1 == len({item.call_id for item in bench.calls})
    assert results[-1].retryable is False


def test_a_claim_that_cannot_even_be_begun_is_recorded() -> None:
    """Without a record it would come back when its lease ends, as a lost worker; its call stays open in the ledger."""
    newer = {"call_id": "job_1.act.1#1", "guest": {"vm_id": "v", "of_a_newer_release": True}}
    result = _result(_bench(Act(applies=_changing)), make_claim("Act", memo={"_begun": True, "x": 1}, open_call=newer))

    assert (StepOutcome.WAIT, True) == (result.outcome, result.call_open)
    assert {"_begun": True, "_crashes": 1, "x": 1} == result.memo


def test_a_guest_that_is_away_is_waited_for_even_before_a_change() -> None:
    """A guest in the middle of a restart costs no attempts: the step's deadline is the bound."""
    away = RemoteError("away", error_id="Matryoshka.GuestNotReady,X", category="ResourceUnavailable")
    bench = _bench(Act(checks=lambda ctx: Checked(ctx.host.read("Get-Thing"))), **{"Get-Thing": away})

    assert StepOutcome.WAIT is _result(bench).outcome


def test_a_full_host_is_queued_for_again() -> None:
    """A VM that does not start for want of memory waits for capacity instead of using up its attempts."""
    full = RemoteError("no memory", error_id="OutOfMemory,Microsoft.HyperV.PowerShell.Commands.StartVM")

    def start(ctx: StepContext) -> Applied:
        with explained():
            return _changing(ctx)

    result = _result(_bench(Act(applies=start), **{"New-Thing": full}))
    refused = _result(
        _bench(Act(applies=start), **{"New-Thing": full}), make_claim("Act", request={"admission": "refuse"})
    )
    assert refused.requeue_capacity is False

    again = _bench(Act())
    again.handlers["Act"] = Act(applies=_changing)
    _result(again, make_claim("Act", memo=result.memo))

    assert (StepOutcome.FAILED, True) == (result.outcome, result.requeue_capacity)
    assert again.calls[0].call_id.endswith(".1.r1#1")  # the journal would answer the old id with the old failure
    assert result.error is not None
    assert "CAPACITY_RAM" == result.error["code"]


def test_a_busy_host_is_waited_for() -> None:
    """No free session is nobody's failure: the step waits and costs no attempt."""
    bench = _bench(Act(applies=_changing), **{"New-Thing": HostBusy("full")})

    assert StepOutcome.WAIT is _result(bench).outcome


def test_an_older_fence_ends_without_a_record() -> None:
    """When the journal has seen a newer claim, this one owns nothing: no result is recorded."""
    stale = RemoteError("old", error_id="Matryoshka.FenceTooOld,Invoke-NestedCall", category="InvalidOperation")
    bench = _bench(Act(applies=_changing), **{"New-Thing": stale})

    assert bench.run() is None


def test_a_lease_near_its_end_stops_before_the_effect() -> None:
    """Self-fencing: when the clock comes near the lease's end, the change is not started."""

    def slow(ctx: StepContext) -> Applied:
        bench.clock.advance(58.5)
        return _changing(ctx)

    bench = _bench(Act(applies=slow))

    assert bench.run() is None
    assert 1 == len(bench.calls)
    assert 1 == len(bench.ledger.intents)  # the step's own, not the call's


def test_the_deadline_counts_over_all_claims() -> None:
    """Time that earlier claims of this try used is taken off, by the ledger's clock."""
    late = make_claim("Act", step={"deadline_seconds": 100}, step_started_at=1000.0, claimed_at=1101.0)
    result = _result(_bench(Act()), late)

    assert StepOutcome.FAILED is result.outcome
    assert result.error is not None
    assert "DEADLINE_PASSED" == result.error["code"]
    assert result.retryable is False


def test_a_leaving_process_releases_the_step() -> None:
    """Drain ends a claim as released; a step that acted already notes it for whoever goes on."""
    bench = _bench(Act(applies=_changing))
    bench.during = lambda _, watch: (bench.draining.set(), watch.tick())  # type: ignore[func-returns-value]

    result = _result(bench)

    assert StepOutcome.RELEASED is result.outcome
    assert {"_begun": True} == result.memo


def test_a_bug_in_a_handler_is_recorded_without_its_text() -> None:
    """An exception that nobody foresaw fails the step retryably; its text, which may hold anything, is not stored."""

    def crash(ctx: StepContext) -> Applied:
        raise ValueError(f"oops {ctx.secrets.get('guest_administrator').reveal()}")

    result = _result(_bench(Act(applies=crash)))

    assert (StepOutcome.FAILED, True) == (result.outcome, result.retryable)
    assert "s3cret-value" not in str(result)
    assert result.error is not None
    assert "WORKER_BUG" == result.error["code"]


def test_an_unknown_action_is_refused_with_a_remedy() -> None:
    """A worker older than the API says so, once."""
    result = _result(_bench(Act()), make_claim("Newer"))

    assert result.error is not None
    assert "ACTION_UNKNOWN" == result.error["code"]
    assert result.retryable is False


def test_secrets_are_scrubbed_from_all_that_is_returned() -> None:
    """Facts, memo, message and events never carry an opened secret."""

    def leak(ctx: StepContext) -> Wait:
        value = ctx.secrets.get("guest_administrator").reveal()
        ctx.report(50, f"with {value}")
        ctx.log("step.warned", {"v": [value]})
        return Wait(1.0, {"m": value}, f"waiting {value}")

    bench = _bench(Act(applies=leak))
    result = _result(bench)

    assert "s3cret-value" not in str(result)
    assert "s3cret-value" not in str(bench.ledger.events)
    assert "[secret]" in str(bench.ledger.events)


def test_a_host_report_reaches_the_ledger_with_the_result() -> None:
    """The fact host.report is handed over as the host's report too."""
    bench = _bench(Act(applies=lambda _: Applied({"host.report": {"memory_total_mib": 1}})))

    assert {"memory_total_mib": 1} == _result(bench).host_report


def test_two_changes_count_up() -> None:
    """Change calls of one claim are numbered in their order."""

    def twice(ctx: StepContext) -> Applied:
        _changing(ctx)
        return _changing(ctx)

    bench = _bench(Act(applies=twice))
    _result(bench)

    assert ["#1", "#2"] == [item.call_id[-2:] for item in bench.calls]


@pytest.mark.parametrize(
    ("error", "since", "away"), [(None, 0.0, 0.0), ("", 5.0, 0.0), ("HOST_UNREACHABLE", 970.0, 30.0)]
)
def test_a_result_says_whether_the_host_answered(error: str | None, since: float, away: float) -> None:
    """What the line noted goes with whatever is recorded, and for how long the host has been away."""
    bench = _bench(Act(applies=_changing))
    bench.clock.now = 1000.0
    bench.contact = Contact(error, since)

    result = _result(bench)
    assert (error, away) == (result.host_error, result.host_away_seconds)
