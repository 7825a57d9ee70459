"""Parts of the service die in the middle of a job."""

from __future__ import annotations

import os
import signal

import pytest
import requests

from tests.e2e.driver import Driver


@pytest.mark.parametrize(
    ("moment", "function"),
    [
        ("seed-disk-", "Set-NestedDiskSeed"),
        ("install-role-", "Install-NestedRole"),
        ("create-cluster", "New-NestedCluster"),
    ],
)
def test_worker_killed_in_mid_step_changes_nothing_but_time(driver: Driver, moment: str, function: str) -> None:
    """A SIGKILLed worker's steps are taken over; the job succeeds and no effect was applied twice."""
    body = driver.cluster(count=2)
    job_id = driver.submit(body)
    with driver.amid(job_id, moment, function) as step:
        owner = driver.steps(job_id)[step]["worker"]
        os.kill(driver.stack.pids["WORKER_1" if owner.startswith("worker-1") else "WORKER_2"], signal.SIGKILL)

    driver.wait(job_id, state="succeeded")
    assert driver.doubled(body["nodes"]["name_prefix"]) == {}
    assert driver.doubled(body["cluster"]["name"]) == {}


def test_server_killed_in_mid_job_loses_nothing(driver: Driver) -> None:
    """A SIGKILLed Valkey comes back with every acknowledged write; the job goes on and no effect was applied twice."""
    body = driver.cluster(count=1)
    job_id = driver.submit(body)
    with driver.amid(job_id, "install-role-", "Install-NestedRole"):
        os.kill(driver.stack.pids["REDIS"], signal.SIGKILL)
    driver.until(lambda: _answers(driver), 60, "the API to answer again")

    driver.wait(job_id, state="succeeded")
    assert driver.doubled(body["nodes"]["name_prefix"]) == {}


def _answers(driver: Driver) -> bool:
    try:
        return driver.stack.call("GET", "/readyz").ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def test_api_killed_in_mid_job_is_started_again(driver: Driver) -> None:
    """The API's death does not touch a running job."""
    job_id = driver.submit(driver.cluster(count=1))
    killed = driver.stack.pids["API"]
    with driver.amid(job_id, "await-guest-", "Wait-NestedGuest"):
        os.kill(killed, signal.SIGKILL)
    driver.until(lambda: driver.stack.pids["API"] != killed and _answers(driver), 60, "the API to answer again")

    driver.wait(job_id, state="succeeded")


def test_sigterm_hands_steps_over_quickly(driver: Driver) -> None:
    """A worker that is asked to stop releases its steps instead of finishing minutes of work or losing its leases."""
    job_id = driver.submit(driver.cluster(count=1))
    with driver.amid(job_id, "install-role-", "Install-NestedRole") as step:
        owner = driver.steps(job_id)[step]["worker"]
        os.kill(driver.stack.pids["WORKER_1" if owner.startswith("worker-1") else "WORKER_2"], signal.SIGTERM)
    driver.wait(job_id, state="succeeded")

    kinds = {event["type"] for event in driver.events(job_id) if event["step_id"] == step}
    assert "step.released" in kinds
    assert "step.lost" not in kinds
