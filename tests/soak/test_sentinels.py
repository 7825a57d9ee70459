"""Three sentinels, a primary and two replicas: the primary is killed while a job runs."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
import requests

from service.ledger.store import Store
from tests.e2e.driver import Driver
from tests.server_kit import DURABLE, Server, running
from tests.soak.ops_kit import OpsStack, begun, endpoint, told
from tests.soak.test_rolling_restart import Caller

PASSWORD = "ledger-password"
SECURE = {"requirepass": PASSWORD, "masterauth": PASSWORD, "primaryauth": PASSWORD}


class Submitter(threading.Thread):
    """Submits small jobs all the time and keeps what was acknowledged, and every other answer."""

    def __init__(self, driver: Driver) -> None:
        super().__init__()
        self.driver = driver
        self.over = threading.Event()
        self.acknowledged: dict[str, str] = {}
        self.refusals: list[requests.Response] = []

    def run(self) -> None:
        """Submit until told to stop; what fails is repeated with its key."""
        body = self.driver.example("inspect_host", host={"id": self.driver.stack.host_id})
        while not self.over.is_set():
            key = str(uuid.uuid4())
            while key not in self.acknowledged and not self.over.is_set():
                self._try(body, key)
            self.over.wait(0.1)

    def _try(self, body: dict[str, Any], key: str) -> None:
        answer = self.driver.stack.call("POST", "/v1/jobs", json=body, headers={"Idempotency-Key": key})
        if answer.status_code == 202:
            self.acknowledged[key] = answer.json()["id"]
            return
        self.refusals.append(answer)
        self.over.wait(0.2)


@contextmanager
def _six_servers(place: Path) -> Iterator[tuple[list[Server], list[Server]]]:
    """Start a primary with two replicas, of which one must be there for a write, and three sentinels."""
    known = {name: value for name, value in SECURE.items() if name != "masterauth"}
    config = {**DURABLE, **known, "min-replicas-to-write": "1", "min-replicas-max-lag": "10"}
    primary = Server(place / "s0", config)
    replicas = [Server(place / f"s{n}", {**config, "replicaof": f"127.0.0.1 {primary.port}"}) for n in (1, 2)]
    with running(primary, *replicas, password=PASSWORD):
        lines = (
            f"sentinel monitor ledger 127.0.0.1 {primary.port} 2",
            f"sentinel auth-pass ledger {PASSWORD}",
            "sentinel down-after-milliseconds ledger 1500",
            "sentinel failover-timeout ledger 10000",
        )
        sentinels = [Server(place / f"w{n}", {}, lines, sentinel=True) for n in range(3)]
        with running(*sentinels):
            _await_known(sentinels)
            _await_replicas(primary)
            yield [primary, *replicas], sentinels


def _await_known(sentinels: list[Server]) -> None:
    """Wait until each sentinel knows both others and both replicas."""
    for sentinel in sentinels:
        client: Any = redis.Redis(port=sentinel.port, decode_responses=True)
        until = time.monotonic() + 30
        while True:
            state = client.sentinel_master("ledger")
            if (2, 2) == (int(state["num-slaves"]), int(state["num-other-sentinels"])):
                break
            assert time.monotonic() < until, state
            time.sleep(0.1)
        client.close()


def _await_replicas(primary: Server) -> None:
    """Wait until the primary hears of its replicas: before, it takes no write."""
    client: Any = redis.Redis(port=primary.port, password=PASSWORD, decode_responses=True)
    until = time.monotonic() + 30
    while (seen := client.info("replication"))["min_slaves_good_slaves"] < 2:
        assert time.monotonic() < until, seen
        time.sleep(0.1)
    client.close()


def test_the_primary_dies_in_mid_job(tmp_path: Path) -> None:
    """Without a primary the API says 503 with Retry-After; what was acknowledged is there and ends, streams resume."""
    with _six_servers(tmp_path) as (servers, sentinels):
        places = ",".join(f"127.0.0.1:{one.port}" for one in sentinels)
        url = f"sentinel://:{PASSWORD}@{places}/0?master=ledger"
        # Where no webhook may go, whichever of them is the primary.
        assert ("127.0.0.1",) == Store.open(url).servers_behind_sentinels()
        with OpsStack(tmp_path / "run", redis_url=url) as stack:
            driver = Driver(stack)
            with endpoint(driver, "job.succeeded") as receiver:
                body = driver.cluster(count=1)
                job_id = driver.submit(body)
                submitter, caller = Submitter(driver), Caller(stack, [stack.url])
                follower = threading.Thread(target=caller.follow, args=[job_id])
                submitter.start()
                follower.start()
                try:
                    driver.until(lambda: begun(driver, job_id, "seed-disk-"), 60, "the job to be in its middle")
                    before = len(submitter.acknowledged)
                    servers[0].kill()
                    driver.until(lambda: len(submitter.acknowledged) > before + 3, 60, "jobs to be taken again")
                finally:
                    submitter.over.set()
                    submitter.join(60)

                assert {503} == {answer.status_code for answer in submitter.refusals}
                assert all(int(answer.headers["Retry-After"]) > 0 for answer in submitter.refusals)
                assert all(answer.json()["retryable"] for answer in submitter.refusals)
                driver.wait(job_id, 180, state="succeeded")
                follower.join(30)
                assert [event["id"] for event in driver.events(job_id)] == caller.ids
                for other in submitter.acknowledged.values():
                    driver.wait(other, state="succeeded")
                assert driver.doubled(body["nodes"]["name_prefix"]) == {}
                jobs = {job_id, *submitter.acknowledged.values()}
                heard = lambda: {item.body["data"]["job_id"] for item in receiver.received}  # noqa: E731
                driver.until(lambda: jobs <= heard(), 60, "every webhook")
                assert told(receiver)
                assert stack.did("audit", "verify")
