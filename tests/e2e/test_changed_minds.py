"""Callers cancel, retry and roll back."""

from __future__ import annotations

from tests.e2e.driver import Driver

# Nominal seconds that Windows takes to install a role (docs/functions.md).
_INSTALL_SECONDS = 150
_INSTALL = "install-nestedrole"
_VERY_SLOW = 1.0  # an installation takes minutes: what ends it sooner is the cancel


def test_cancel_in_mid_install_stops_the_remote_pipeline(driver: Driver) -> None:
    """A cancelled job stops the call on the host, which installs nothing later, and rolls back to an empty host."""
    body = driver.cluster(count=1, on_cancel="rollback")
    job_id = driver.submit(body)
    with driver.amid(job_id, "install-role-", "Install-NestedRole"):
        assert _INSTALL in driver.running_functions()
        driver.clock(_VERY_SLOW)
        driver.post(f"/v1/jobs/{job_id}:cancel", {}, 202)
        driver.until(lambda: _INSTALL not in driver.running_functions(), 60, "the installation to be stopped")
    job = driver.wait(job_id, state="cancelled")
    ended = driver.sandbox("GET", "/world")["now"]
    driver.until(
        lambda: driver.sandbox("GET", "/world")["now"] > ended + _INSTALL_SECONDS, 60, "an installation's time"
    )

    assert job["cancel_unconfirmed"] is False
    assert driver.running_functions() == []
    assert [vm for vm in driver.vms() if vm["name"].startswith(body["nodes"]["name_prefix"])] == []
    applied = driver.effects(job["lab_id"])
    assert [name for name in applied if name.startswith("guest_set_up")]
    assert [name for name in applied if name.startswith("role_installed")] == []


def test_cancel_with_keep_leaves_what_was_built(driver: Driver) -> None:
    """on_cancel keep leaves the VM, and the job can be retried to the end."""
    body = driver.cluster(count=1, on_cancel="keep")
    job_id = driver.submit(body)
    with driver.amid(job_id, "await-guest-", "Wait-NestedGuest"):
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
