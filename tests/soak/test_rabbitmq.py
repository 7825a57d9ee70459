"""Wake-ups go through a RabbitMQ, the ledger stays where it is; the broker is killed while a job runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import redis

from sandbox.tls import make_tls_files
from service.ledger.queue import DELIVERIES_QUEUE, STEPS_QUEUE, WakeFailed, Waker
from service.ledger.sealing import new_private_key
from service.ledger.servers import Servers, servers_of
from tests.e2e.driver import Driver
from tests.integration.ledger_kit import wait_until
from tests.integration.test_worker_process import worker
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


def test_wake_ups_over_tls(tmp_path: Path, redis_url: str) -> None:
    """A broker that wants TLS and a client certificate is used with both; another authority is not trusted."""
    files = make_tls_files(tmp_path / "ca", "client")
    other = make_tls_files(tmp_path / "other", "client")
    with running_rabbit(tmp_path / "rabbit", files) as rabbit:
        environ = {
            "MATRYOSHKA_REDIS_URL": redis_url,
            "MATRYOSHKA_BROKER_URL": rabbit.url,
            "MATRYOSHKA_BROKER_CA_FILE": str(files.ca),
            "MATRYOSHKA_BROKER_CERT_FILE": str(files.client),
            "MATRYOSHKA_BROKER_KEY_FILE": str(files.client_key),
        }
        (tmp_path / "private.key").write_text(new_private_key())
        ours = {
            "MATRYOSHKA_PRIVATE_KEY_FILE": str(tmp_path / "private.key"),
            "MATRYOSHKA_PUBLIC_KEY": "A" * 43 + "=",
            "MATRYOSHKA_WORKER_NAME": "w1@test",
        }
        log = tmp_path / "log"
        with worker({**os.environ, **environ, **ours}, log):  # a worker makes the queues
            wait_until(lambda: f"Connected to amqps://guest:**@127.0.0.1:{rabbit.port}//" in log.read_text())
            wait_until(lambda: "ready." in log.read_text())
        waker = Waker(redis_url, servers_of(environ))
        assert 1 == waker.wake_steps(1)
        wait_until(lambda: waker.waiting(STEPS_QUEUE) == 1)
        with worker({**os.environ, **environ, **ours}, log):
            wait_until(lambda: waker.waiting(STEPS_QUEUE) == 0)
        waker.close()

        for name, path in (("CA", other.ca), ("CERT", ""), ("KEY", "")):
            environ[f"MATRYOSHKA_BROKER_{name}_FILE"] = str(path)
        stranger = Waker(redis_url, servers_of(environ))
        with pytest.raises(WakeFailed, match="CERTIFICATE_VERIFY_FAILED"):
            stranger.wake_steps(1)
        stranger.close()


def _heard(receiver: Any) -> set[str]:
    return {item.body["data"]["job_id"] for item in receiver.received}
