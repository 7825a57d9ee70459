"""A cancelled claim: the call is stopped, and the journal is asked whether it really is over."""

from __future__ import annotations

from typing import Any

import pytest

from service.ledger.store.claims import StepOutcome
from tests.unit.workers.kit import Act
from tests.unit.workers.test_runner import _bench, _changing, _result
from workers.errors import HostUnreachable
from workers.psrp.invoke import Invocation
from workers.steps.base import Checked


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
