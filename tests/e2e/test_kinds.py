"""Each job kind once, from the HTTP request to the last event."""

from __future__ import annotations

from typing import Any

from tests.e2e.driver import Driver

PASSWORD = "Byo-Passw0rd!"


def test_nested_cluster_is_built_proved_and_torn_down(driver: Driver) -> None:
    """A cluster job ends with every node joined, every level proved, and its teardown leaves nothing on the host."""
    body = driver.cluster(count=2)
    job = driver.run(body)
    lab = driver.get(f"/v1/labs/{job['lab_id']}")

    assert lab["state"] == "ready"
    verdicts = {(row["level"], row["phase"]): row["verdict"] for row in lab["probes"] if row["observed"]}
    assert verdicts["L1", "after_role"] == "proven"
    assert verdicts["L2", "running"] == "proven"

    prefix = body["nodes"]["name_prefix"]
    assert len([vm for vm in driver.vms() if vm["name"].startswith(prefix)]) == 2
    assert driver.doubled(prefix) == {}

    answer = driver.stack.call("DELETE", f"/v1/labs/{lab['id']}", headers={"Idempotency-Key": "gone-" + lab["id"]})
    assert answer.status_code == 202, answer.text
    driver.wait(answer.json()["id"], state="succeeded")

    assert [vm for vm in driver.vms() if vm["name"].startswith(prefix)] == []
    assert driver.get(f"/v1/labs/{lab['id']}")["state"] == "removed"
    world = driver.sandbox("GET", "/world")["hosts"][0]
    assert body["network"]["switch"]["name"] not in [switch["name"] for switch in world["switches"]]
    assert [path for path in world["disks"] if lab["id"] in path] == []


def test_inspect_host_reports_what_could_be_built(driver: Driver) -> None:
    """An inspection fills the host's report and capacity, and says what forbids nesting."""
    job = driver.run(driver.example("inspect_host"))
    host = driver.get(f"/v1/hosts/{job['host_id']}")

    assert host["report"]["os_build"] == 20348
    assert host["capacity"]["memory_mib"] > 0
    assert [finding for finding in job["result"]["findings"] if finding["severity"] == "error"] == []


def test_a_host_is_tested_stage_by_stage(driver: Driver) -> None:
    """Each stage of the way to the host is a step; a host that is well passes all of them."""
    job = driver.run(driver.example("test_host"))

    assert [one["id"] for one in job["result"]["checks"]][:3] == ["name", "port", "tls"]
    assert {one["outcome"] for one in job["result"]["checks"]} == {"passed"}


def test_nested_host_then_jobs_on_it(driver: Driver) -> None:
    """One node is built; a nested VM is made in it, its lab is verified without drift, and it is torn down."""
    body = driver.example("nested_host")
    body["node"]["name"] = "hostlab1"
    lab_id = driver.run(body)["lab_id"]
    vm_id = next(vm["id"] for vm in driver.vms() if vm["name"] == "hostlab1")

    made = driver.run(driver.example("nested_vm", target={"lab_id": lab_id, "node": "hostlab1"}))
    assert made["result"]["probes"][-1]["verdict"] == "proven"

    drift = driver.run(driver.example("verify_lab", lab_id=lab_id))
    assert [row for row in drift["result"]["drift"] if not row["ok"]] == []

    driver.run(driver.example("teardown", lab_id=lab_id))
    assert vm_id not in [vm["id"] for vm in driver.vms()]


def test_enable_nesting_and_install_role_on_an_existing_vm(driver: Driver) -> None:
    """The host-side script makes a foreign VM able to nest, and the role then installs and launches in it."""
    vm = driver.sandbox("POST", "/vms", {"name": "byo1", "memory_mib": 8192, "password": PASSWORD})

    refused = driver.wait(driver.submit(driver.example("install_role", **_on(vm))), state="failed")
    assert refused["error"]["code"] == "CPU_FLAGS_MISSING"

    enabled = driver.run(driver.example("enable_nesting", target={"vm_id": vm["id"]}))
    changed = {row["setting"] for row in enabled["result"]["settings"] if row["changed"]}
    assert "ExposeVirtualizationExtensions" in changed

    installed = driver.run(driver.example("install_role", **_on(vm)))
    assert installed["result"]["probes"][-1]["verdict"] == "proven"


def _on(vm: dict[str, Any]) -> dict[str, Any]:
    return {"target": {"vm_id": vm["id"]}, "guest": {"username": "Administrator", "password": {"value": PASSWORD}}}
