"""Who gets room, who waits, whose time is over, and what nobody may see."""

from __future__ import annotations

import time

from tests.e2e.driver import Driver


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
    unreserved = host["capacity"]["memory_mib"] - sum(row["memory_mib"] for row in host["reservations"])
    # VMs that nobody reserved memory for (another test may have left one) are known to the host only.
    room = min(unreserved, host["report"]["memory_free_mib"])
    big = driver.cluster(count=1)
    big["nodes"]["memory_mib"] = (room - 8192) // 1024 * 1024
    first = driver.submit(big)

    second = driver.cluster(count=1, admission="refuse")
    second["nodes"]["memory_mib"] = unreserved - room + 32768
    refused = driver.post("/v1/jobs", second, 409)
    assert [row for row in refused["holders"] if row["holder"] == first]

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
