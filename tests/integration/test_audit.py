"""The audit log in the ledger: one entry a change, in the change's own move, linked once, however many seal."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from service.ledger.acting import Acting, Actor, acting, with_detail
from service.ledger.audit import Head
from service.ledger.audit_verifying import verify
from service.ledger.store import AuditFilter, DeliveryResult, Endpoint
from service.ledger.store.scripts import Scripts
from tests.integration.ledger_kit import Ledger, open_ledger, step

WHO = Acting(Actor("api_key", "key_1", "portal", "blue"), "submitJob", "192.0.2.1", "req_1")


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """A ledger with a clock of its own."""
    with open_ledger(redis_url) as one:
        yield one


def _entries(ledger: Ledger) -> list[dict[str, Any]]:
    ledger.store.audit.seal()
    return [json.loads(line) for line in ledger.store.audit.lines()]


def _endpoint(number: int = 1) -> Endpoint:
    secrets = {"current": {"sealed": "k:Y2FuYXJ5LWJveA=="}}
    return Endpoint(id=f"we_{number:026x}", url="https://example.test/canary-url", secrets=secrets)


def test_a_change_and_its_entry_are_one_move(ledger: Ledger) -> None:
    """The entry is there in the very moment of the change, with the record before and after; nothing else is needed."""
    store = ledger.store
    with acting(WHO):
        made = store.endpoints.put(_endpoint())
        changed = store.endpoints.update(made)
        store.endpoints.delete(changed.id)
    assert 3 == store.client.xlen("t:audit:open")
    first, second, third = _entries(ledger)

    assert (first["before"], third["after"]) == (None, None)
    assert first["after"] == second["before"] != second["after"] == third["before"]
    assert {"sort": "endpoint", "id": made.id} == first["target"]
    assert (1, 2, 3) == (first["seq"], second["seq"], third["seq"])
    assert 0 == store.client.xlen("t:audit:open")


def test_what_changes_nothing_leaves_no_entry(ledger: Ledger) -> None:
    """Reads, refused changes, and changes while nobody acts leave nothing."""
    store = ledger.store
    store.endpoints.put(_endpoint(1))
    with acting(WHO):
        store.endpoints.list()
        assert store.jobs.cancel("job_none") is None
        assert not store.endpoints.delete("we_none")

    assert [] == _entries(ledger)


def test_a_repeated_move_writes_one_entry(ledger: Ledger) -> None:
    """A move that is sent twice because its reply was lost leaves one entry, also where each try changes something."""

    class Twice(Scripts):
        def run(self, name: str, arguments: Any) -> Any:
            kept, self.client.evalsha = self.client.evalsha, self._twice(self.client.evalsha)
            try:
                return super().run(name, arguments)
            finally:
                self.client.evalsha = kept

        def _twice(self, call: Any) -> Any:
            return lambda *arguments: (call(*arguments), call(*arguments))[1]

    store = ledger.store
    endpoint = store.endpoints.put(_endpoint())
    store.endpoints._scripts = Twice(store.client, store.settings)
    store.endpoints._scripts._script("ping_endpoint")
    store.client.script_load(store.endpoints._scripts._script("ping_endpoint")[1])
    with acting(WHO):
        store.endpoints.ping(endpoint.id)

    assert 2 == len(store.deliveries.list()), "the move ran twice"
    assert 1 == len(_entries(ledger))


def test_many_who_seal_at_once_link_each_entry_once(ledger: Ledger) -> None:
    """Whoever seals, and however many at a time: each entry has one number, in order, and the chain verifies."""
    store = ledger.store

    def work(worker: int) -> None:
        with acting(WHO):
            for number in range(20):
                store.endpoints.put(_endpoint(worker * 1000 + number))
                store.audit.seal()

    threads = [threading.Thread(target=work, args=[worker]) for worker in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = _entries(ledger)

    assert list(range(1, 101)) == [entry["seq"] for entry in entries]
    assert 100 == len({entry["target"]["id"] for entry in entries})
    assert verify(store.audit.lines(), store.audit.head()).found is None


def test_a_sealer_that_comes_late_changes_nothing(ledger: Ledger) -> None:
    """What was linked to a head that is no more is refused, so a process that was held up writes no second history."""
    store = ledger.store
    with acting(WHO):
        store.endpoints.put(_endpoint())
    opened = store.client.xrange("t:audit:open")
    assert 1 == store.audit.seal()
    before = list(store.audit.lines())

    assert 0 == store.audit._seal_batch(Head(), opened)
    assert before == list(store.audit.lines())


def test_a_full_log_is_trimmed_behind_an_anchor(redis_url: str) -> None:
    """Beyond its bound the oldest entries go, an anchor says which, and the rest verifies on."""
    with open_ledger(redis_url, audit_max=50) as ledger:
        store = ledger.store
        with acting(WHO):
            for number in range(1, 121):
                store.endpoints.put(_endpoint(number))
                if number % 7 == 0:
                    store.audit.seal()
        entries = _entries(ledger)
        head = store.audit.head()

        assert len(entries) <= 51
        assert (entries[0]["seq"], entries[-1]["seq"]) == (head.first, head.seq)
        assert "trimAudit" in {entry["operation"] for entry in entries}
        assert verify(store.audit.lines(), head).found is None
        assert store.audit.page(AuditFilter(), None, 100)[0] == entries[::-1]
        store.client.xtrim("t:audit:log", minid=f"{head.first + 1}-0", approximate=False)
        assert verify(store.audit.lines(), head).found is not None


def test_no_entry_has_a_secret(ledger: Ledger) -> None:
    """Neither a sealed box nor what a record says is in an entry: hashes and ids only."""
    with acting(WHO):
        ledger.store.endpoints.put(_endpoint())
    ledger.store.audit.seal()

    assert "Y2FuYXJ5" not in (text := "".join(ledger.store.audit.lines()))
    assert "canary" not in text


def test_a_detail_is_in_the_entry(ledger: Ledger) -> None:
    """Who calls the store can say more of a change, and the entry has it."""
    with acting(WHO), with_detail({"changes": [{"pointer": "#/priority", "before": 1, "after": 0}]}):
        ledger.store.endpoints.put(_endpoint())

    assert [{"changes": [{"pointer": "#/priority", "before": 1, "after": 0}]}] == [
        entry["detail"] for entry in _entries(ledger)
    ]


def test_filters_and_pages_find_each_entry_once(ledger: Ledger) -> None:
    """Pages go on where the last one ended, times are inclusive, and all conditions hold together."""
    log = ledger.store.audit
    for number in range(1, 8):
        with acting(Acting(Actor("api_key", f"key_{number % 2}", "n", f"team-{number % 3}"), f"op{number % 2}")):
            ledger.store.endpoints.put(_endpoint(number))
        ledger.advance(10)
    log.seal()
    start = ledger.now - 70

    def seqs(limit: int = 100, **wanted: Any) -> list[list[int]]:
        pages, before = [], None
        while True:
            items, before = log.page(AuditFilter(**wanted), before, limit)
            pages.append([item["seq"] for item in items])
            if before is None:
                return pages

    assert [[7, 6, 5], [4, 3, 2], [1]] == seqs(3)
    assert [[6, 4, 2]] == seqs(actor="key_0")
    assert [[6]] == seqs(actor="key_0", tenant="team-0")
    assert [[7, 5, 3, 1]] == seqs(operation="op1")
    assert [[3]] == seqs(target=f"we_{3:026x}")
    assert [[4, 3]] == seqs(since=start + 20, until=start + 30)
    assert [[2, 1]] == seqs(until=start + 19)
    assert [[]] == seqs(outcome="denied")


def test_what_the_service_does_itself_has_an_entry(ledger: Ledger) -> None:
    """A job that ended at its deadline, and an endpoint that was given up, were nobody's doing but the service's."""
    job = ledger.job(step("a"), deadline_seconds=10)
    endpoint = ledger.endpoint("job.*")
    ledger.advance(11)
    ledger.store.leases.sweep()
    claim = ledger.store.deliveries.claim("w1", 60)
    assert claim is not None
    assert ledger.store.deliveries.finish(claim, DeliveryResult(False, gone=True))
    ended, given_up = _entries(ledger)

    assert ("expireJob", "system", job.id) == (ended["operation"], ended["actor"]["kind"], ended["target"]["id"])
    assert ("disableWebhookEndpoint", endpoint) == (given_up["operation"], given_up["target"]["id"])
    assert all(entry["before"] != entry["after"] for entry in (ended, given_up))


def test_entries_of_another_release_are_sealed(ledger: Ledger) -> None:
    """An entry with fewer fields of its record, or more, does not stop the log of all others."""
    before = json.dumps(["lab_1", "one"])
    after = json.dumps(["lab_1", "two", *[""] * 8, "", "of a later release"])
    act = json.dumps({"actor": {"kind": "system", "id": "sweep", "name": "sweep"}, "operation": "expireLab"})
    row = {"at": "1800000000.000000", "act": act, "sort": "lab", "id": "lab_1", "before": before, "after": after}
    ledger.store.client.xadd("t:audit:open", row)
    (entry,) = _entries(ledger)

    assert {"sort": "lab", "id": "lab_1"} == entry["target"]
    assert verify(ledger.store.audit.lines()).found is None
