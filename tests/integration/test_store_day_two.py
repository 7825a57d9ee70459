"""Work on a living lab changes its record in the jobs' own moves: its secrets, its power and its shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.ledger.job import Job
from service.ledger.plan import Demand, Plan, Reshape
from service.ledger.store import IllegalMove, Lab, Quotas, Tenant
from tests.integration.ledger_kit import PROBLEM, Ledger, open_ledger, step

_OLD, _NEW, _OTHER = {"sealed": "old"}, {"sealed": "new"}, {"ref": "env:MATRYOSHKA_SECRET_OTHER"}
_PRESENT, _WANTED, _PENDING = "guest_administrator", "new_guest_administrator", "guest_administrator_pending_"
_ROTATION = (
    step("begin", action="BeginRotation"),
    step("rotate", "begin", action="RotatePassword"),
    step("commit", "rotate", action="CommitRotation"),
)


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def _lab(ledger: Ledger, lab_id: str) -> Lab:
    lab = ledger.store.labs.get(lab_id)
    assert lab is not None
    return lab


def _built(ledger: Ledger, **fields: Any) -> Job:
    maker = ledger.lab_job(step("a"), **{"secrets": {_PRESENT: _OLD}, **fields})
    ledger.end(ledger.claim(), facts={"node.n1.vm_id": "1", "node.n2.vm_id": "2", "probe.L2.n2": {}, "nested.n2": {}})
    ledger.advance(1)
    return maker


def _rotation(ledger: Ledger, lab_id: str, new: dict[str, str]) -> Job:
    secrets = ledger.store.labs.secrets(lab_id) | {_WANTED: new}
    return ledger.job(*_ROTATION, lab_id=lab_id, secrets=secrets)


# The password


def test_both_passwords_are_kept_until_all_nodes_have_the_new_one(ledger: Ledger) -> None:
    """The new one stands beside the present one from the first step on, and takes its place with the last."""
    lab_id = _built(ledger).lab_id
    _rotation(ledger, lab_id, _NEW)
    ledger.end(ledger.claim(), facts={"lab.rotation": {"state": "begun"}})
    begun = ledger.store.labs.secrets(lab_id)
    ledger.work()

    assert begun == {_PRESENT: _OLD, f"{_PENDING}1": _NEW}
    assert ledger.store.labs.secrets(lab_id) == {_PRESENT: _NEW}


def test_a_broken_rotation_is_known_to_the_lab(ledger: Ledger) -> None:
    """What was done stands in the lab's record whatever becomes of the job, and a later rotation keeps every box."""
    lab_id = _built(ledger).lab_id
    first = _rotation(ledger, lab_id, _NEW)
    ledger.end(ledger.claim(), facts={"lab.rotation": {"state": "begun"}})
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    assert (ledger.state(first.id), _lab(ledger, lab_id).facts["lab.rotation"]) == ("failed", {"state": "begun"})

    _rotation(ledger, lab_id, _OTHER)
    ledger.end(ledger.claim())
    assert ledger.store.labs.secrets(lab_id) == {_PRESENT: _OLD, f"{_PENDING}1": _NEW, f"{_PENDING}2": _OTHER}
    ledger.work()
    assert ledger.store.labs.secrets(lab_id) == {_PRESENT: _OTHER}


def test_the_same_password_is_kept_once(ledger: Ledger) -> None:
    """A rotation that is asked for again with the same reference adds no second box."""
    lab_id = _built(ledger).lab_id
    for _ in range(2):
        _rotation(ledger, lab_id, _OTHER)
        ledger.end(ledger.claim())
        ledger.end(ledger.claim(), "failed", error=PROBLEM)

    assert ledger.store.labs.secrets(lab_id) == {_PRESENT: _OLD, f"{_PENDING}1": _OTHER}


def test_a_rotation_that_is_cancelled_is_not_forgotten(ledger: Ledger) -> None:
    """Even where the caller asks for a rollback, which this work has not, the lab knows what its nodes have."""
    lab_id = _built(ledger).lab_id
    job = _rotation(ledger, lab_id, _NEW)
    ledger.end(ledger.claim(), facts={"lab.rotation": {"state": "begun"}})
    ledger.end(ledger.claim(), facts={"node.n1.password": job.id})
    ledger.store.jobs.cancel(job.id, "rollback")

    assert ledger.state(job.id) == "cancelled"
    assert _lab(ledger, lab_id).facts["node.n1.password"] == job.id
    assert f"{_PENDING}1" in ledger.store.labs.secrets(lab_id)


def test_an_older_job_is_retried_with_the_lab_s_new_password(ledger: Ledger) -> None:
    """A job that took the old password with it gets the new one when it goes on after a rotation."""
    lab_id = _built(ledger).lab_id
    older = ledger.job(step("b"), lab_id=lab_id, secrets={_PRESENT: _OLD})
    before = ledger.claim()
    ledger.end(before, "failed", error=PROBLEM)
    ledger.advance(1)
    _rotation(ledger, lab_id, _NEW)
    ledger.work()
    ledger.store.jobs.retry(older.id)

    assert (before.secrets[_PRESENT], ledger.claim().secrets[_PRESENT]) == (_OLD, _NEW)


def test_a_given_present_password_comes_first(ledger: Ledger) -> None:
    """What a job brings with it counts, as long as its lab was not rotated since."""
    lab_id = _built(ledger).lab_id
    ledger.job(step("b"), lab_id=lab_id, secrets={_PRESENT: _OTHER})

    assert ledger.claim().secrets[_PRESENT] == _OTHER


# Power


def test_power_is_in_the_record_at_once(ledger: Ledger) -> None:
    """A stop that breaks off leaves the lab `stopping`, and the lab's version tells that it changed."""
    lab_id = _built(ledger).lab_id
    ready = _lab(ledger, lab_id)
    ledger.job(step("mark", action="MarkPower"), step("b", "mark"), lab_id=lab_id)
    ledger.end(ledger.claim(), facts={"lab.power": "stopping"})
    during = _lab(ledger, lab_id)
    ledger.end(ledger.claim(), "failed", error=PROBLEM)

    assert (ready.power, during.power, _lab(ledger, lab_id).power) == ("running", "stopping", "stopping")
    assert during.version > ready.version
    assert [lab.power for lab in ledger.store.labs.list()] == ["stopping"]


def test_a_lab_that_is_built_has_no_power_yet(ledger: Ledger) -> None:
    """Power is of a lab that is there."""
    maker = ledger.lab_job(step("a"))

    assert _lab(ledger, maker.lab_id).power is None


# Shape


def _reshaping(ledger: Ledger, lab_id: str, reshape: Reshape, *steps: Any, more: Demand, **fields: Any) -> Job:
    known = {"lab_id": lab_id, "host_id": _lab(ledger, lab_id).host_id, **fields}
    return ledger.job(*steps, plan=Plan("x", steps, more, reshape=reshape), **known)


def _held(ledger: Ledger, host: str) -> dict[str, int]:
    return {one.holder: one.memory_mib for one in ledger.store.hosts.reservations(host)}


_GROW = step("reshape", action="ReshapeLab", undoable=True)


def test_a_lab_grows_with_its_job(ledger: Ledger) -> None:
    """The request is the new one from the first step on; the memory is held by the job, then by the lab."""
    host = ledger.host(memory_mib=100)
    lab_id = _built(ledger, host_id=host, demand=Demand(40, 4), request={"nodes": {"count": 2}}).lab_id
    job = _reshaping(
        ledger, lab_id, Reshape({"nodes": {"count": 3}}, Demand(60, 6)), _GROW, step("b", "reshape"), more=Demand(20, 2)
    )
    ledger.end(ledger.claim())
    during, held = _lab(ledger, lab_id), _held(ledger, host)
    ledger.work()

    assert (during.request, during.demand) == ({"nodes": {"count": 3}}, Demand(60, 6))
    assert (held, _held(ledger, host)) == ({lab_id: 40, job.id: 20}, {lab_id: 60})


def test_a_lab_that_did_not_grow_is_as_it_was(ledger: Ledger) -> None:
    """A rollback gives the old request and the memory back; the lab holds what it held."""
    host = ledger.host(memory_mib=100)
    lab_id = _built(ledger, host_id=host, demand=Demand(40, 4), request={"nodes": {"count": 2}}).lab_id
    reshape = Reshape({"nodes": {"count": 3}}, Demand(60, 6))
    steps = (_GROW, step("b", "reshape"))
    _reshaping(ledger, lab_id, reshape, *steps, more=Demand(20, 2), on_failure="rollback")
    ledger.end(ledger.claim())
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    ledger.work()

    assert (_lab(ledger, lab_id).request, _lab(ledger, lab_id).demand) == ({"nodes": {"count": 2}}, Demand(40, 4))
    assert _held(ledger, host) == {lab_id: 40}


def test_a_growth_that_broke_off_goes_on(ledger: Ledger) -> None:
    """What is half there stays reserved, and a retry does not reserve it twice."""
    host = ledger.host(memory_mib=100)
    lab_id = _built(ledger, host_id=host, demand=Demand(40, 4), request={"nodes": {"count": 2}}).lab_id
    steps = (_GROW, step("b", "reshape"))
    job = _reshaping(ledger, lab_id, Reshape({"nodes": {"count": 3}}, Demand(60, 6)), *steps, more=Demand(20, 2))
    ledger.end(ledger.claim())
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    assert (_held(ledger, host), _lab(ledger, lab_id).request) == ({lab_id: 60}, {"nodes": {"count": 3}})

    ledger.store.jobs.retry(job.id)
    ledger.work()
    assert (ledger.state(job.id), _held(ledger, host)) == ("succeeded", {lab_id: 60})


def test_a_growth_that_never_began_reserves_when_it_is_retried(ledger: Ledger) -> None:
    """What was not handed to the lab is wanted again: a retry does not begin without its room."""
    host = ledger.host(memory_mib=50)
    lab_id = _built(ledger, host_id=host, demand=Demand(40, 4)).lab_id
    job = _reshaping(ledger, lab_id, Reshape({}, Demand(60, 6)), _GROW, more=Demand(20, 2))
    ledger.store.jobs.cancel(job.id)

    assert "waiting" == ledger.store.jobs.retry(job.id).state


def test_a_growth_that_failed_before_the_lab_grew_holds_nothing(ledger: Ledger) -> None:
    """The lab holds what it held, and the retry reserves what the new nodes take."""
    host = ledger.host(memory_mib=100)
    lab_id = _built(ledger, host_id=host, demand=Demand(40, 4)).lab_id
    job = _reshaping(ledger, lab_id, Reshape({}, Demand(60, 6)), _GROW, more=Demand(20, 2))
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    failed = _held(ledger, host)
    ledger.store.jobs.retry(job.id)

    assert (failed, _held(ledger, host)) == ({lab_id: 40}, {lab_id: 40, job.id: 20})


def test_new_nodes_count_once(ledger: Ledger) -> None:
    """An added node counts once for the quota: while its job runs, when that failed, retried and after it."""
    host, made = ledger.host(memory_mib=100), {"action": "CreateNode"}
    pair = Plan("x", (step("a", **made), step("b", **made)), Demand(40, 4))
    lab_id = ledger.lab_job(host_id=host, plan=pair, request={"nodes": {"count": 2}}).lab_id
    ledger.work()
    steps, told = (_GROW, step("c", "reshape", **made)), []
    reshape = Reshape({"nodes": {"count": 3}}, Demand(60, 6))
    job = _reshaping(ledger, lab_id, reshape, *steps, more=Demand(20, 2))
    ledger.store.tenants.update(Tenant("default", quotas=Quotas(nodes=3, memory_mib=60)))
    for outcome in ("succeeded", "failed", "retry", "succeeded"):
        usage = ledger.store.tenants.usage("default")
        told.append((usage.nodes, usage.memory_mib))
        if outcome == "retry":
            ledger.store.jobs.retry(job.id)
        else:
            ledger.end(ledger.claim(), outcome, error=PROBLEM)
    last = ledger.store.tenants.usage("default")

    assert ("succeeded", (0, 3, 60)) == (ledger.state(job.id), (last.jobs, last.nodes, last.memory_mib))
    assert [(3, 60)] * 4 == told


def test_a_growth_waits_for_room(ledger: Ledger) -> None:
    """More memory than is free is waited for like a lab's own."""
    host = ledger.host(memory_mib=50)
    lab_id = _built(ledger, host_id=host, demand=Demand(40, 4)).lab_id
    job = _reshaping(ledger, lab_id, Reshape({}, Demand(60, 6)), _GROW, more=Demand(20, 2))

    assert ledger.state(job.id) == "waiting"


def test_a_lab_shrinks_and_lets_others_in(ledger: Ledger) -> None:
    """The node's facts are gone, its memory is free at once, and whoever waited for it begins."""
    host = ledger.host(memory_mib=50)
    lab_id = _built(ledger, host_id=host, demand=Demand(40, 4)).lab_id
    waiting = ledger.lab_job(step("z"), host_id=host, demand=Demand(30, 0))
    shape = Reshape({"nodes": {"count": 1}}, Demand(20, 2), ("n2",))
    steps = (step("reshape", action="ReshapeLab"), step("publish", "reshape", reads=("node.*", "probe.*")))
    _reshaping(ledger, lab_id, shape, *steps, more=Demand())
    assert ledger.state(waiting.id) == "waiting"
    ledger.end(ledger.claim())
    assert ledger.state(waiting.id) == "queued"
    claims = {claim.step_id: claim for claim in ledger.work()}

    assert claims["publish"].facts == {"node.n1.vm_id": "1"}
    assert _lab(ledger, lab_id).facts == {"node.n1.vm_id": "1"}
    assert (_lab(ledger, lab_id).demand, _held(ledger, host)[lab_id]) == (Demand(20, 2), 20)
    assert "z" in claims


def test_a_retry_knows_what_became_of_the_lab(ledger: Ledger) -> None:
    """It reads the lab's facts of now: its end does not bring a node back that another job has removed since."""
    lab_id = _built(ledger).lab_id
    broken = ledger.job(step("a"), step("b", "a", reads=("node.*",)), lab_id=lab_id)
    ledger.end(ledger.claim(), facts={"drift.found": 1})
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    shape = Reshape({"nodes": {"count": 1}}, Demand(), ("n2",))
    _reshaping(ledger, lab_id, shape, step("r", action="ReshapeLab"), more=Demand())
    ledger.work()
    ledger.store.jobs.retry(broken.id)
    (claim,) = ledger.work()

    assert {"node.n1.vm_id": "1"} == claim.facts
    assert {"node.n1.vm_id": "1", "drift.found": 1} == _lab(ledger, lab_id).facts


def _broken_off(ledger: Ledger, lab_id: str, reshape: Reshape, *steps: Any, **fields: Any) -> Job:
    job = _reshaping(ledger, lab_id, reshape, *steps, more=Demand(), **fields)
    while ledger.state(job.id) != "failed":
        claim = ledger.claim()
        ledger.end(claim, "failed" if claim.step_id == "b" else "succeeded", error=PROBLEM)
    return job


def test_a_shape_that_another_job_has_overtaken_is_not_written(ledger: Ledger) -> None:
    """A removal that broke off and an addition since: the retried removal would forget the new node, and is refused."""
    lab_id = _built(ledger, request={"nodes": {"count": 2}}).lab_id
    shrink = (step("b"), step("r", "b", action="ReshapeLab"))
    less = _broken_off(ledger, lab_id, Reshape({"nodes": {"count": 1}}, Demand(), ("n2",)), *shrink)
    _reshaping(ledger, lab_id, Reshape({"nodes": {"count": 3}}, Demand()), _GROW, more=Demand())
    ledger.work()

    with pytest.raises(IllegalMove, match="changed the nodes"):
        ledger.store.jobs.retry(less.id)
    assert {"nodes": {"count": 3}} == _lab(ledger, lab_id).request


def test_a_rollback_does_not_take_nodes_of_other_jobs_off_the_record(ledger: Ledger) -> None:
    """Two additions broke off, one after the other; the first is retried and rolled back: the second one's stays."""
    lab_id = _built(ledger, request={"nodes": {"count": 2}}).lab_id
    steps = (_GROW, step("b", "reshape"))
    first = _broken_off(ledger, lab_id, Reshape({"nodes": {"count": 3}}, Demand()), *steps, on_cancel="rollback")
    _broken_off(ledger, lab_id, Reshape({"nodes": {"count": 4}}, Demand()), *steps)
    ledger.store.jobs.retry(first.id)
    ledger.store.jobs.cancel(first.id)
    ledger.work()
    ended = ledger.store.jobs.get(first.id)

    assert ended is not None
    assert "cancelled" == ended.state
    assert {"nodes": {"count": 4}} == _lab(ledger, lab_id).request
    assert "lab_changed_since" in ledger.store.client.hget(f"t:job:{first.id}", "rollback_error")
    with pytest.raises(IllegalMove, match="changed the nodes"):
        ledger.store.jobs.retry(first.id)
