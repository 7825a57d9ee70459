"""Labs follow their jobs in the same moves, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.ledger.plan import Demand
from service.ledger.store import IllegalMove, Lab, LabFilter, NotFound, VersionConflict
from tests.integration.ledger_kit import PROBLEM, Ledger, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def _lab(ledger: Ledger, lab_id: str) -> Lab:
    lab = ledger.store.labs.get(lab_id)
    assert lab is not None
    return lab


def test_lab_is_ready_with_its_job(ledger: Ledger) -> None:
    """A lab is building while its job runs, and ready with facts and probes when it succeeded."""
    job = ledger.lab_job(step("a"), request={"kind": "x"}, labels={"team": "red"}, lab_name="demo", demand=Demand(5, 6))
    building = _lab(ledger, job.lab_id)
    ledger.end(ledger.claim(), facts={"lab.probes": [{"level": "L0"}], "node.nest-1.vm_id": "v"})
    ready = _lab(ledger, job.lab_id)

    assert ("building", "demo", job.id, {"team": "red"}) == (
        building.state,
        building.name,
        building.job_id,
        building.labels,
    )
    assert ("ready", [{"level": "L0"}], {"node.nest-1.vm_id": "v"}) == (ready.state, ready.probes, ready.facts)
    assert (Demand(5, 6), {"kind": "x"}, None) == (ready.demand, ready.request, ready.expires_at)
    assert ["lab.created", "job.queued"] == ledger.types(job.id)[:2]
    assert ["lab.ready", "job.succeeded"] == ledger.types(job.id)[-2:]


def test_later_job_sees_and_adds_facts(ledger: Ledger) -> None:
    """A job on an existing lab reads the lab's facts and secrets, and what it finds becomes the lab's."""
    secrets = {"guest_administrator": {"sealed": "x"}, "callback_secret": {"sealed": "y"}}
    maker = ledger.lab_job(step("a"), secrets=secrets)
    ledger.end(ledger.claim(), facts={"node.nest-1.vm_id": "v"})
    later = ledger.job(step("b", reads=("node.nest-1.vm_id",)), lab_id=maker.lab_id)
    claim = ledger.claim()
    ledger.end(claim, facts={"nested.vm_id": "n"})

    assert ({"node.nest-1.vm_id": "v"}, {"guest_administrator": {"sealed": "x"}}) == (claim.facts, claim.secrets)
    assert {"node.nest-1.vm_id": "v", "nested.vm_id": "n"} == _lab(ledger, maker.lab_id).facts
    assert "ready" == _lab(ledger, maker.lab_id).state
    assert maker.lab_id == later.lab_id


def test_teardown_removes_the_lab(ledger: Ledger) -> None:
    """A teardown marks the lab at once, and its ReleaseLab removes it, its secrets and its reservation in one move."""
    host = ledger.host(memory_mib=100)
    maker = ledger.lab_job(step("a"), host_id=host, demand=Demand(50, 0), secrets={"s": {"sealed": "x"}})
    ledger.work()
    teardown = ledger.job(step("release-lab", action="ReleaseLab"), host_id=host, lab_id=maker.lab_id)
    removing = _lab(ledger, maker.lab_id)
    with pytest.raises(IllegalMove):
        ledger.submit(step("a"), host_id=host, lab_id=maker.lab_id)
    ledger.work()

    assert "removing" == removing.state
    assert ("removed", ledger.now) == (_lab(ledger, maker.lab_id).state, _lab(ledger, maker.lab_id).removed_at)
    assert {} == ledger.store.labs.secrets(maker.lab_id)
    assert [] == ledger.store.hosts.reservations(host)
    assert "lab.removed" in ledger.types(teardown.id)


def test_teardown_that_never_began_changes_nothing(ledger: Ledger) -> None:
    """A cancelled teardown that had not started leaves the lab ready; one that stopped half-way leaves it failed."""
    maker = ledger.lab_job(step("a"))
    ledger.work()
    first = ledger.job(step("release-lab", action="ReleaseLab"), lab_id=maker.lab_id)
    ledger.store.jobs.cancel(first.id)
    assert "ready" == _lab(ledger, maker.lab_id).state

    ledger.job(step("remove-node"), step("release-lab", "remove-node", action="ReleaseLab"), lab_id=maker.lab_id)
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    assert "failed" == _lab(ledger, maker.lab_id).state


def test_half_removed_lab_is_not_built_again(ledger: Ledger) -> None:
    """A job whose lab lost parts to a teardown cannot be retried: its succeeded steps are no longer true."""
    maker = ledger.lab_job(step("a"), step("b", "a"))
    ledger.end(ledger.claim())
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    ledger.job(step("remove-node"), step("release-lab", "remove-node", action="ReleaseLab"), lab_id=maker.lab_id)
    ledger.end(ledger.claim(), "failed", error=PROBLEM)

    with pytest.raises(IllegalMove, match="parts of its lab"):
        ledger.store.jobs.retry(maker.id)


def test_lease_of_a_lab_ends(ledger: Ledger) -> None:
    """A lease begins when the lab is ready; at its end the sweep tells the lab, once a minute until it is going."""
    maker = ledger.lab_job(step("a"), lease_seconds=100)
    ledger.advance(500)
    ledger.work()
    assert ledger.now + 100 == _lab(ledger, maker.lab_id).expires_at
    ledger.advance(99)
    early = ledger.store.leases.sweep().expired_labs
    ledger.advance(2)
    told = [ledger.store.leases.sweep().expired_labs for _ in range(2)]
    ledger.advance(61)
    again = ledger.store.leases.sweep().expired_labs
    ledger.job(step("release-lab", action="ReleaseLab"), lab_id=maker.lab_id)
    ledger.advance(61)

    assert ((), [(maker.lab_id,), ()], (maker.lab_id,)) == (early, told, again)
    assert () == ledger.store.leases.sweep().expired_labs
    assert 1 == ledger.types(maker.id).count("lab.expired")


def test_extended_lease(ledger: Ledger) -> None:
    """An extension sets the end of the lease, from now; a removed or unknown lab has none."""
    maker = ledger.lab_job(step("a"), lease_seconds=100)
    with pytest.raises(IllegalMove):
        ledger.store.labs.extend(maker.lab_id, 60)
    ledger.work()
    ledger.advance(50)
    extended = ledger.store.labs.extend(maker.lab_id, 160)
    ledger.advance(120)

    assert ledger.now - 120 + 160 == extended.expires_at
    assert () == ledger.store.leases.sweep().expired_labs
    with pytest.raises(NotFound):
        ledger.store.labs.extend("lab_x", 60)


def test_lease_taken_away(ledger: Ledger) -> None:
    """A lab whose lease is taken away stays until somebody removes it."""
    maker = ledger.lab_job(step("a"), lease_seconds=100)
    ledger.work()
    free = ledger.store.labs.extend(maker.lab_id, 0)
    ledger.advance(10_000)

    assert free.expires_at is None
    assert () == ledger.store.leases.sweep().expired_labs
    assert {"expires_at": None} == ledger.events(maker.id)[-1].data


def test_one_version_is_extended_once(ledger: Ledger) -> None:
    """Of two changes of one copy the second is refused, and changes nothing."""
    maker = ledger.lab_job(step("a"), lease_seconds=100)
    ledger.work()
    seen = _lab(ledger, maker.lab_id)
    extended = ledger.store.labs.extend(seen.id, 500, seen.version)
    with pytest.raises(VersionConflict) as caught:
        ledger.store.labs.extend(seen.id, 5, seen.version)

    assert extended.version == caught.value.current
    assert extended == _lab(ledger, maker.lab_id)


def test_lists_of_labs(ledger: Ledger) -> None:
    """Labs are listed newest first by state, host, kind and label, page by page."""
    host = ledger.host()
    made = []
    for number in range(5):
        ledger.advance(1)
        labels = {"odd": str(number % 2)}
        made.append(
            ledger.lab_job(step("a"), host_id=host if number else "", labels=labels, kind=f"k{number % 3}").lab_id
        )
    ledger.end(ledger.claim())
    ready = next(lab.id for lab in ledger.store.labs.list() if lab.state == "ready")

    def ids(**fields: object) -> list[str]:
        return [lab.id for lab in ledger.store.labs.list(LabFilter(**fields))]  # type: ignore[arg-type]

    assert made[::-1] == ids()
    assert [ready] == ids(state="ready")
    assert made[:0:-1] == ids(host_id=host)
    assert [made[4], made[1]] == ids(kind="k1")
    assert [made[3], made[1]] == ids(label=("odd", "1"))
    page = ledger.store.labs.list(limit=2)
    rest = ledger.store.labs.list(before=(page[-1].created_at, page[-1].id))
    assert made[::-1] == [lab.id for lab in [*page, *rest]]


def test_removed_labs_are_forgotten(redis_url: str) -> None:
    """After the retention time a removed lab leaves nothing behind."""
    with open_ledger(redis_url, retention_seconds=100) as ledger:
        job = ledger.lab_job(step("a"), labels={"a": "b"})
        ledger.store.jobs.cancel(job.id)
        ledger.advance(101)
        ledger.store.leases.sweep()

        assert ledger.store.labs.get(job.lab_id) is None
        assert [] == ledger.store.labs.list()
