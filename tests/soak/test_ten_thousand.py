"""Ten thousand jobs through workers that are killed again and again: each ends once, and is told once."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from deploy.local.stack import ROOT
from deploy.local.supervisor import Program, Supervisor
from service.ledger.ids import new_id
from service.ledger.plan import Plan, Step
from service.ledger.queue import letter
from service.ledger.sealing import new_private_key, public_key_of, seal
from service.ledger.store import Endpoint, Store, StoreSettings, Submission
from tests.e2e.fast_receiver import FastReceiver, fast_receiver

JOBS = 10_000
KILLS = 7
DEAF = 250  # every so many requests the receiver takes one and gives no answer
SECONDS = 900  # about a minute on two idle cores
ENDS = ("job.succeeded", "job.failed", "job.cancelled", "job.expired")
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
WORKERS = ("busy-1", "busy-2")
_PLAN = Plan("inspect_host", (Step(id="nothing", action="Nothing", title="Nothing"),))


class Site:
    """A ledger, a receiver, and two real worker processes that are started again whenever they die."""

    def __init__(self, redis_url: str, place: Path, receiver: FastReceiver) -> None:
        self.store = Store.open(redis_url, StoreSettings())
        self.receiver = receiver
        self.place = place
        self.pids: dict[str, int] = {}
        self.supervisor = Supervisor(self.pids.__setitem__, restart_delay_seconds=0.1)
        private = new_private_key()
        (place / "key").write_text(private)
        sealed = {"current": {"sealed": seal(public_key_of(private), SECRET.encode())}}
        endpoint = Endpoint(id=new_id("we", time.time()), url=receiver.url, types=ENDS, secrets=sealed)
        self.endpoint = self.store.endpoints.put(endpoint).id

    def submit(self) -> None:
        """Submit every job as the API does."""
        with ThreadPoolExecutor(4) as pool:
            for _ in pool.map(self._submit_one, range(JOBS)):
                pass

    def _submit_one(self, _: int) -> None:
        self.store.jobs.submit(Submission(kind="inspect_host", request={}, plan=_PLAN), letter=letter())

    def start(self, redis_url: str) -> None:
        """Start the workers."""
        for name in WORKERS:
            self.supervisor.start(_worker(name, redis_url, self.place))

    def done(self) -> int:
        """Return how many jobs ended, and how many webhooks arrived."""
        return int(self.store.client.zcard("mk:ended")) + len(self.receiver.ids)

    def held(self, name: str) -> int:
        """Return how many steps and deliveries a worker holds under a lease now."""
        client = self.store.client
        tokens = [client.hget(f"mk:delivery:{id_}", "token") for id_ in client.zrange("mk:wl", 0, -1)]
        deliveries = [token for token in tokens if token and token.split(":")[1] == name]
        return int(client.scard(f"mk:worker:{name}:leases")) + len(deliveries)

    def kill_at(self, name: str, done: int) -> None:
        """Kill a worker in the middle of its work, when so much is done. Its supervisor starts it again."""
        _until(lambda: self.done() >= done)
        _until(lambda: self.held(name) or self.is_over())
        assert not self.is_over(), "nothing was left to be killed for"
        os.kill(self.pids[name], signal.SIGKILL)

    def is_over(self) -> bool:
        """Tell whether every webhook arrived."""
        return len(self.receiver.ids) >= JOBS


def _worker(name: str, redis_url: str, place: Path) -> Program:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MATRYOSHKA_REDIS_URL": redis_url,
        "MATRYOSHKA_PRIVATE_KEY_FILE": str(place / "key"),
        "MATRYOSHKA_WORKER_NAME": name,
        "MATRYOSHKA_LEASE_SECONDS": "10",
        "MATRYOSHKA_HEARTBEAT_SECONDS": "1",
        "MATRYOSHKA_WEBHOOK_SCHEDULE": "0,0.2,0.5,1,2,5",
        "MATRYOSHKA_WEBHOOK_NETWORKS": "127.0.0.1/32",
    }
    argv = (*(sys.executable, "-m", "celery", "-A", "tests.e2e.busy_worker", "worker", "--pool", "threads"),)
    flags = (*("--concurrency", "8", "--queues", "steps,deliveries", "--hostname", f"{name}@%h"),)
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return Program(name, argv + flags + quiet, environment, place / f"{name}.log")


@pytest.fixture
def site(redis_url: str, tmp_path: Path) -> Iterator[Site]:
    """A site of its own."""
    with fast_receiver(DEAF) as receiver:
        site = Site(redis_url, tmp_path, receiver)
        try:
            yield site
        finally:
            site.supervisor.stop(grace_seconds=5)
            site.store.client.close()


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)


@pytest.mark.timeout(2 * SECONDS)
def test_ten_thousand_jobs_end_and_are_told_once_though_workers_are_killed(site: Site, redis_url: str) -> None:
    """10,000 jobs give 10,000 terminal events and 10,000 webhooks; a repeated webhook repeats its id, none is lost.

    Workers are killed while they hold steps and deliveries, and some answers of the receiver are lost.
    """
    site.submit()
    site.start(redis_url)
    for number in range(1, KILLS + 1):
        site.kill_at(WORKERS[number % 2], number * 2 * JOBS // (KILLS + 1))
    _until(site.is_over)
    _until(lambda: site.store.client.zcard("mk:ix:delivery:state:succeeded") >= JOBS)

    ended = _ends(site.store)
    assert {"job.succeeded": JOBS} == Counter(ended.values())
    by_id = _by_id(site.receiver)
    assert JOBS == len(by_id)
    assert sorted(ended) == sorted(json.loads(body)["data"]["job_id"] for body in by_id.values())
    assert len(site.receiver.got) > JOBS  # answers were lost: those were sent again
    assert [JOBS, 0, 0] == [site.store.client.zcard(f"mk:{key}") for key in ("ix:delivery:all", "wq", "wl")]


def _ends(store: Store) -> dict[str, str]:
    """Return the terminal event of each job in the feed; a job with two fails the test."""
    found: dict[str, str] = {}
    after = ""
    while True:
        events, _ = store.events.page(None, after, 5_000)
        for event in events:
            if event.type in ENDS:
                assert event.job_id not in found, f"{event.job_id} ended twice"
                found[event.job_id] = str(event.type)
        if len(events) < 5_000:
            return found
        after = events[-1].id


def _by_id(receiver: FastReceiver) -> dict[str, bytes]:
    """Return the body of each webhook id: verified, and the same each time that it came."""
    verifier = Webhook(SECRET)
    found: dict[str, bytes] = {}
    for headers, body in receiver.got:
        verifier.verify(body, headers)
        assert found.setdefault(headers["webhook-id"], body) == body
    return found
