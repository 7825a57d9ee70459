"""The results of a host's checks, read back from a job's facts."""

from __future__ import annotations

from service.ledger.checks import HOST_CHECKS, checks_of
from service.ledger.plan import PlanContext
from service.ledger.plans import build_plan


def test_what_was_not_reached_is_in_the_list() -> None:
    """Every check is there in order, those without a fact as not reached."""
    found = checks_of({"check.name": {"outcome": "passed"}, "check.port": {"outcome": "failed", "code": "X"}})

    assert [one["id"] for one in found] == [check.id for check in HOST_CHECKS]
    assert [one["outcome"] for one in found] == ["passed", "failed", *["not_reached"] * 5]


def test_facts_without_checks_give_none() -> None:
    """Another kind of job has no checks at all."""
    assert checks_of({"host.report": {}}) == []


def test_each_check_waits_for_the_one_before() -> None:
    """The plan is a chain, so that the first failure keeps the rest from being reached; it demands nothing."""
    plan = build_plan({"kind": "test_host", "host": {"name": "hv01"}}, PlanContext("", None, None, None))

    assert [step.id for step in plan.steps] == [check.id for check in HOST_CHECKS]
    assert [step.needs for step in plan.steps[1:]] == [(step.id,) for step in plan.steps[:-1]]
    assert plan.demand.memory_mib == 0
