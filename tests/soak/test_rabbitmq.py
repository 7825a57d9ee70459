"""Wake-ups go through a RabbitMQ, the ledger stays where it is; the broker is killed while a job runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import redis

from service.ledger.queue import DELIVERIES_QUEUE, STEPS_QUEUE, Waker
from service.ledger.servers import Servers
from tests.e2e.driver import Driver
from tests.soak.ops_kit import OpsStack, begun, endpoint
from tests.soak.rabbit_kit import running_rabbit


def test_a_job_goes_through_and_outlives_its_broker(tmp_path: Path) -> None:
    """A lab is built with wake-ups from RabbitMQ; those that die with it are swept, and none goes over the ledger."""
    with running_rabbit(tmp_path / "rabbit") as rabbit:
        environment = {"MATRYOSHKA_BROKER_URL": rabbit.url}
        with OpsStack(tmp_path / "run", environment) as stack:
            driver = Driver(stack)
            with endpoint(driver, "job.succeeded") as receiver:
                first = driver.run(driver.example("inspect_host", host={"id": stack.host_id}))
                body = driver.cluster(count=1)
                job_id = driver.submit(body)
                driver.until(lambda: begun(driver, job_id, "seed-disk-"), 60, "the job to be in its middle")
                rabbit.kill()
                # Taken without a broker: the ledger has it, nobody is woken.
                meanwhile = driver.submit(driver.example("inspect_host", host={"id": stack.host_id}))
                rabbit.start()

                driver.wait(job_id, 180, state="succeeded")
                driver.wait(meanwhile, 60, state="succeeded")
                assert driver.doubled(body["nodes"]["name_prefix"]) == {}
                jobs = {first["id"], job_id, meanwhile}
                driver.until(lambda: jobs <= _heard(receiver), 60, "every webhook")

            client: Any = redis.Redis.from_url(stack.redis_url)
            assert [] == client.keys("steps*") + client.keys("deliveries*") + client.keys("_kombu*")
            client.close()
            waker = Waker(stack.redis_url, Servers(broker_url=rabbit.url))
            driver.until(
                lambda: {0} == {waker.waiting(name) for name in (STEPS_QUEUE, DELIVERIES_QUEUE)}, 30, "silence"
            )
            assert 0 == waker.waiting("a-queue-that-nobody-has")
            waker.close()


def _heard(receiver: Any) -> set[str]:
    return {item.body["data"]["job_id"] for item in receiver.received}
