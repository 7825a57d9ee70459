"""What happens when things break in the middle: workers, the server, the host, the caller's mind."""

from __future__ import annotations

import os
import signal
import time

import pytest
import requests

from tests.e2e.driver import Driver


@pytest.mark.parametrize("moment", ["seed-disk-", "install-role-", "create-cluster"])
def test_worker_killed_in_mid_step_changes_nothing_but_time(driver: Driver, moment: str) -> None:
    """A SIGKILLed worker's steps are taken over; the job succeeds and no effect was applied twice."""
    body = driver.cluster(count=2)
    job_id = driver.submit(body)
    step = driver.wait_for_step(job_id, moment)
    owner = driver.steps(job_id)[step]["worker"]

    os.kill(driver.stack.pids["WORKER_1" if owner.startswith("worker-1") else "WORKER_2"], signal.SIGKILL)

    driver.wait(job_id, state="succeeded")
    assert driver.doubled(body["nodes"]["name_prefix"]) == {}
    assert driver.doubled(body["cluster"]["name"]) == {}


def test_server_killed_in_mid_job_loses_nothing(driver: Driver) -> None:
    """A SIGKILLed Valkey comes back with every acknowledged write; the job goes on and no effect was applied twice."""
    body = driver.cluster(count=1)
    job_id = driver.submit(body)
    driver.wait_for_step(job_id, "install-role-")

    os.kill(driver.stack.pids["REDIS"], signal.SIGKILL)
    driver.until(lambda: _answers(driver), 30, "the API to answer again")

    driver.wait(job_id, state="succeeded")
    assert driver.doubled(body["nodes"]["name_prefix"]) == {}


def _answers(driver: Driver) -> bool:
    try:
        return driver.stack.call("GET", "/readyz").ok
    except requests.ConnectionError:
        return False


def test_api_killed_in_mid_job_is_started_again(driver: Driver) -> None:
    """The API's death does not touch a running job."""
    job_id = driver.submit(driver.cluster(count=1))
    driver.wait_for_step(job_id, "await-guest-")

    killed = driver.stack.pids["API"]
    os.kill(killed, signal.SIGKILL)
    driver.until(lambda: driver.stack.pids["API"] != killed and _answers(driver), 30, "the API to answer again")

    driver.wait(job_id, state="succeeded")


def test_cancel_in_mid_install_stops_the_remote_pipeline(driver: Driver) -> None:
    """A cancelled job stops the call on the host, shows that it stopped, and rolls back to an empty host."""
    body = driver.cluster(count=1, on_cancel="rollback")
    job_id = driver.submit(body)
    driver.wait_for_step(job_id, "install-role-")

    driver.post(f"/v1/jobs/{job_id}:cancel", {}, 202)
    job = driver.wait(job_id, state="cancelled")

    assert job["cancel_unconfirmed"] is False
    assert [vm for vm in driver.vms() if vm["name"].startswith(body["nodes"]["name_prefix"])] == []


def test_cancel_with_keep_leaves_what_was_built(driver: Driver) -> None:
    """on_cancel keep leaves the VM, and the job can be retried to the end."""
    body = driver.cluster(count=1, on_cancel="keep")
    job_id = driver.submit(body)
    driver.wait_for_step(job_id, "await-guest-")

    driver.post(f"/v1/jobs/{job_id}:cancel", {}, 202)
    driver.wait(job_id, state="cancelled")
    assert [vm for vm in driver.vms() if vm["name"].startswith(body["nodes"]["name_prefix"])]

    driver.post(f"/v1/jobs/{job_id}:retry", {}, 202)
    driver.wait(job_id, state="succeeded")
    assert driver.doubled(body["nodes"]["name_prefix"]) == {}


def test_retry_goes_on_from_the_failed_step(driver: Driver) -> None:
    """A job that failed in one step is retried from it; what was done is not done again."""
    driver.fault(kind="error", function="New-NestedCluster", error_id="Matryoshka.NodeAlreadyClustered", count=1)
    body = driver.cluster(count=1)
    job_id = driver.submit(body)
    job = driver.wait(job_id, state="failed")
    assert job["error"]["step_id"] == "create-cluster"
    assert job["error"]["remedy"]

    driver.post(f"/v1/jobs/{job_id}:retry", {}, 202)
    driver.wait(job_id, state="succeeded")
    assert driver.doubled(body["nodes"]["name_prefix"]) == {}


def test_rollback_after_a_failure_leaves_nothing(driver: Driver) -> None:
    """on_failure rollback removes VMs, disks, switch and reservation."""
    driver.fault(kind="error", function="New-NestedCluster", error_id="Matryoshka.NodeAlreadyClustered", count=1)
    body = driver.cluster(count=2, on_failure="rollback")
    job_id = driver.submit(body)
    job = driver.wait(job_id, state="failed")

    world = driver.sandbox("GET", "/world")["hosts"][0]
    assert [vm for vm in world["vms"] if vm["name"].startswith(body["nodes"]["name_prefix"])] == []
    assert [path for path in world["disks"] if job["lab_id"] in path] == []
    assert body["network"]["switch"]["name"] not in [switch["name"] for switch in world["switches"]]
    holders = driver.get(f"/v1/hosts/{job['host_id']}")["reservations"]
    assert job["lab_id"] not in [holder["holder"] for holder in holders]


def test_host_reboot_in_mid_call_is_an_expected_event(driver: Driver) -> None:
    """The host restarts while a role installs: sessions die, VMs come back, the job goes on to the end."""
    body = driver.cluster(count=1)
    job_id = driver.submit(body)
    driver.wait_for_step(job_id, "install-role-")

    host = driver.sandbox("GET", "/world")["hosts"][0]["name"]
    driver.sandbox("POST", f"/hosts/{host}/reboot", {})

    driver.wait(job_id, 180, "succeeded")


def test_wrong_password_stops_at_once_with_a_reason(driver: Driver) -> None:
    """HTTP 401 from the host is a configuration error: the job fails with a remedy instead of locking the account."""
    driver.fault(kind="http_status", status=401, count=50)
    job_id = driver.submit(driver.cluster(count=1))
    job = driver.wait(job_id, state="failed")

    assert job["error"]["code"] == "ACCESS_DENIED"
    assert job["error"]["remedy"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_dropped_connections_do_not_double_effects(driver: Driver, when: str) -> None:
    """A connection that is reset before or after the host took the command leads to one execution."""
    body = driver.cluster(count=1)
    driver.fault(kind="drop", action="Command", when=when, count=6, every=5)
    job_id = driver.submit(body)

    driver.wait(job_id, state="succeeded")
    assert driver.doubled(body["nodes"]["name_prefix"]) == {}


def test_two_jobs_for_one_name(driver: Driver) -> None:
    """A second job for the same names on the same host is refused while the first one runs, and its holder is named."""
    body = driver.cluster(count=1)
    first = driver.submit(body)

    refused = driver.post("/v1/jobs", body, 409)
    assert first == refused["holder"]
    driver.wait(first, state="succeeded")


def test_a_job_that_does_not_fit_waits_or_is_refused(driver: Driver) -> None:
    """Memory is reserved at admission: what does not fit waits for room, or is refused and told who holds it."""
    driver.run(driver.example("inspect_host"))
    host = driver.get(f"/v1/hosts/{driver.stack.host_id}")
    room = host["capacity"]["memory_mib"] - sum(row["memory_mib"] for row in host["reservations"])
    big = driver.cluster(count=1)
    big["nodes"]["memory_mib"] = room - 8192
    first = driver.submit(big)

    second = driver.cluster(count=1, admission="refuse")
    second["nodes"]["memory_mib"] = 32768
    refused = driver.post("/v1/jobs", second, 409)
    assert [row for row in refused["holders"] if row["memory_mib"] >= room - 8192]

    waiting = driver.submit(second | {"admission": "wait"})
    assert driver.job(waiting)["state"] == "waiting"

    done = driver.wait(first, state="succeeded")
    answer = driver.stack.call("DELETE", f"/v1/labs/{done['lab_id']}")
    assert answer.status_code == 202, answer.text
    driver.wait(waiting, state="succeeded")


def test_a_lab_is_torn_down_when_its_lease_ends(driver: Driver) -> None:
    """An expired lab gets a teardown job by itself."""
    body = driver.cluster(count=1)
    job = driver.run(body)
    lab_id = job["lab_id"]
    answer = driver.stack.call(
        "PATCH", f"/v1/labs/{lab_id}", json={"lease_seconds": 1}, headers=_any_version(driver, lab_id)
    )
    assert answer.status_code == 200, answer.text

    driver.until(lambda: driver.get(f"/v1/labs/{lab_id}")["state"] == "removed", 60, "the lab to be removed")
    assert [vm for vm in driver.vms() if vm["name"].startswith(body["nodes"]["name_prefix"])] == []


def _any_version(driver: Driver, lab_id: str) -> dict[str, str]:
    return {"If-Match": driver.stack.call("GET", f"/v1/labs/{lab_id}").headers["ETag"]}


def test_sigterm_hands_steps_over_quickly(driver: Driver) -> None:
    """A worker that is asked to stop releases its steps instead of finishing minutes of work or losing its leases."""
    job_id = driver.submit(driver.cluster(count=1))
    step = driver.wait_for_step(job_id, "install-role-")
    owner = driver.steps(job_id)[step]["worker"]

    os.kill(driver.stack.pids["WORKER_1" if owner.startswith("worker-1") else "WORKER_2"], signal.SIGTERM)
    driver.wait(job_id, state="succeeded")

    kinds = {event["type"] for event in driver.events(job_id) if event["step_id"] == step}
    assert "step.released" in kinds
    assert "step.lost" not in kinds


def test_secrets_are_nowhere(driver: Driver) -> None:
    """A password that a caller gave is in no log, no event, no response and no key of the server in the clear."""
    canary = f"Canary-{time.time_ns()}!"
    body = driver.cluster(count=1)
    body["guest"] |= {"password": {"value": canary}}
    job_id = driver.submit(body)
    driver.wait(job_id, state="succeeded")

    texts = [driver.stack.log(name).read_text(errors="replace") for name in ("API", "WORKER_1", "WORKER_2", "SANDBOX")]
    job = driver.job(job_id)
    texts += [str(driver.events(job_id)), str(job), str(driver.get(f"/v1/labs/{job['lab_id']}"))]
    stored = (driver.stack.settings.directory / "valkey" / "appendonlydir").iterdir()
    texts += [path.read_bytes().decode(errors="replace") for path in stored]
    assert not [text for text in texts if canary in text]
