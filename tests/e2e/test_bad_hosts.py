"""The host restarts, refuses or drops connections."""

from __future__ import annotations

import pytest

from tests.e2e.driver import Driver


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
