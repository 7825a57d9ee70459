"""The host restarts, refuses or drops connections."""

from __future__ import annotations

import pytest

from tests.e2e.driver import Driver

_WORKERS = 2


def test_host_reboot_in_mid_call_is_an_expected_event(driver: Driver) -> None:
    """The host restarts while a role installs: sessions die, VMs come back, the job goes on to the end."""
    body = driver.cluster(count=1)
    job_id = driver.submit(body)
    host = driver.sandbox("GET", "/world")["hosts"][0]["name"]
    with driver.amid(job_id, "install-role-", "Install-NestedRole"):
        driver.sandbox("POST", f"/hosts/{host}/reboot", {})

    driver.wait(job_id, 180, "succeeded")


def test_wrong_password_stops_at_once_with_a_reason(driver: Driver) -> None:
    """A refused credential fails the job with a remedy after one logon, and each worker tries it once, not each job."""
    _give_a_password(driver)  # a new version of the record, so that no session of before is used
    before = driver.applied_faults("http_status")
    driver.fault(kind="http_status", status=401, action="Create", count=50)
    body = driver.example("inspect_host", host={"id": driver.stack.host_id})
    first = driver.wait(driver.submit(body), state="failed")
    after_one = driver.applied_faults("http_status") - before
    others = [driver.wait(driver.submit(body), state="failed") for _ in range(5)]
    after_all = driver.applied_faults("http_status") - before
    driver.clear_faults()
    _give_a_password(driver)

    assert first["error"]["remedy"]
    assert {"ACCESS_DENIED"} == {job["error"]["code"] for job in (first, *others)}
    assert 1 == after_one
    assert after_all <= _WORKERS
    driver.run(body)


def _give_a_password(driver: Driver) -> None:
    """Do what an administrator does: workers use a new version at once, whatever they were refused before."""
    path = f"/v1/hosts/{driver.stack.host_id}"
    headers = {"If-Match": driver.stack.call("GET", path).headers["ETag"]}
    body = {"password": {"value": driver.stack.nested_password}}
    answer = driver.stack.call("PATCH", path, json=body, headers=headers)
    assert 200 == answer.status_code, answer.text


@pytest.mark.parametrize("when", ["before", "after"])
def test_dropped_connections_do_not_double_effects(driver: Driver, when: str) -> None:
    """A connection that is reset before or after the host took the command leads to one execution."""
    body = driver.cluster(count=1)
    driver.fault(kind="drop", action="Command", when=when, count=6, every=5)
    job_id = driver.submit(body)

    driver.wait(job_id, state="succeeded")
    assert driver.doubled(body["nodes"]["name_prefix"]) == {}
