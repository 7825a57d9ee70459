"""A lab after it is built: stopped and started, with more nodes and fewer, with another password. One for all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.e2e.driver import Driver

_PASSWORD = "Another-Passw0rd-of-the-lab"


@pytest.fixture(scope="module")
def lab(stack: Stack) -> Iterator[dict[str, Any]]:
    """A cluster of two nodes with a VM in the first; torn down afterwards, and nothing of it is left."""
    driver = Driver(stack)
    body = driver.cluster(count=2)
    made = driver.get(f"/v1/labs/{driver.run(body)['lab_id']}")
    made["prefix"] = body["nodes"]["name_prefix"]
    node = f"{made['prefix']}-1"
    driver.run(driver.example("nested_vm", target={"lab_id": made["id"], "node": node}))
    yield made
    driver.run(driver.example("teardown", lab_id=made["id"]))
    assert [vm for vm in driver.vms() if vm["name"].startswith(made["prefix"])] == []
    assert [path for path in driver.sandbox("GET", "/world")["hosts"][0]["disks"] if made["id"] in path] == []


def _run(driver: Driver, lab: dict[str, Any], kind: str, **members: Any) -> dict[str, Any]:
    return driver.run({"kind": kind, "lab_id": lab["id"], **members})


def _states(driver: Driver, lab: dict[str, Any]) -> dict[str, str]:
    return {vm["name"]: vm["state"] for vm in driver.vms() if vm["name"].startswith(lab["prefix"])}


def _inner(driver: Driver, lab: dict[str, Any]) -> list[str]:
    disks = driver.sandbox("GET", "/world")["hosts"][0]["disks"].values()
    systems = [disk["system"] for disk in disks if disk["system"] and disk["owner"] == lab["id"]]
    return [vm["state"] for system in systems for vm in system["vms"].values()]


def _passwords_set(driver: Driver, lab: dict[str, Any]) -> dict[str, int]:
    found = driver.counts().get("password_set", {})
    return {target: times for target, times in found.items() if lab["prefix"] in target}


def _drift(driver: Driver, lab: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in _run(driver, lab, "verify_lab")["result"]["drift"] if not row["ok"]]


def _held(driver: Driver, lab: dict[str, Any]) -> int:
    holders = driver.get(f"/v1/hosts/{lab['host_id']}")["reservations"]
    return sum(one["memory_mib"] for one in holders if one["holder"] == lab["id"])


def test_a_lab_is_stopped_and_started_in_order(driver: Driver, lab: dict[str, Any]) -> None:
    """Nested VMs are saved, the cluster stopped, the nodes off, and the lab says so; started, all runs as before."""
    _run(driver, lab, "stop_lab")
    assert driver.get(f"/v1/labs/{lab['id']}")["power"] == "stopped"
    assert set(_states(driver, lab).values()) == {"Off"}
    assert _inner(driver, lab) == ["Saved"]
    assert _held(driver, lab) == 2 * 8192
    assert _drift(driver, lab) == []
    refused = driver.post("/v1/jobs", {"kind": "rotate_guest_password", "lab_id": lab["id"]}, 422)
    assert refused["errors"][0]["code"] == "LAB_POWER"

    _run(driver, lab, "start_lab")
    assert driver.get(f"/v1/labs/{lab['id']}")["power"] == "running"
    assert _inner(driver, lab) == ["Running"]
    assert _drift(driver, lab) == []


def test_a_node_comes_and_goes(driver: Driver, lab: dict[str, Any]) -> None:
    """An added node is built, proved and joined, the lab holds its memory, and its removal leaves the lab as it was."""
    name = f"{lab['prefix']}-9"
    added = _run(driver, lab, "add_node", names=[name], memory_mib=6144)
    assert _states(driver, lab)[name] == "Running"
    assert (_held(driver, lab), driver.get(f"/v1/labs/{lab['id']}")["demand"]["memory_mib"]) == (22528, 22528)
    proofs = [row["verdict"] for row in added["result"]["probes"] if row["node"] == name and row["phase"] == "running"]
    assert proofs == ["proven"]
    assert _drift(driver, lab) == []

    removed = _run(driver, lab, "remove_node", name=name.upper())
    assert name not in _states(driver, lab)
    assert _held(driver, lab) == 2 * 8192
    assert [node["name"] for node in removed["result"]["summary"]["nodes"]] == sorted(_states(driver, lab))
    assert [fact for fact in driver.get(f"/v1/labs/{lab['id']}")["facts"] if name in fact] == []
    assert _drift(driver, lab) == []
    assert driver.doubled(name) == {}


def test_a_rotation_survives_its_worker(driver: Driver, lab: dict[str, Any]) -> None:
    """A worker killed while it sets a password: the step is taken over, each node gets it once, the lab works on."""
    before = _passwords_set(driver, lab)
    driver.fault(kind="slow", function="Set-NestedGuestPassword", seconds=3, when="after", count=1)
    job_id = driver.submit({"kind": "rotate_guest_password", "lab_id": lab["id"], "new_password": {"value": _PASSWORD}})
    driver.until(lambda: driver.applied_faults("slow"), 60, "the password to be set")
    step = driver.wait_for_step(job_id, "rotate-password-")
    owner = driver.steps(job_id)[step]["worker"]
    os.kill(driver.stack.pids["WORKER_1" if owner.startswith("worker-1") else "WORKER_2"], signal.SIGKILL)
    driver.wait(job_id, state="succeeded")

    after = _passwords_set(driver, lab)
    assert {node: after[node] - before.get(node, 0) for node in after} == dict.fromkeys(after, 1)
    assert len(after) == len(_states(driver, lab))
    assert "step.lost" in {event["type"] for event in driver.events(job_id)}
    assert _drift(driver, lab) == []


def test_a_drain_that_is_refused_changes_nothing(driver: Driver, lab: dict[str, Any]) -> None:
    """A node that cannot be drained stays in its cluster; the job says why, and goes on when it is retried."""
    driver.fault(kind="error", function="Suspend-NestedClusterNode", error_id="Matryoshka.DrainFailed", count=1)
    body = {"kind": "remove_node", "lab_id": lab["id"], "name": f"{lab['prefix']}-2"}
    job = driver.wait(driver.submit(body), state="failed")

    assert (job["error"]["code"], job["error"]["step_id"]) == ("DRAIN_FAILED", f"drain-{lab['prefix']}-2")
    assert len(_states(driver, lab)) == 2
    assert _drift(driver, lab) == []


def test_a_host_without_room_is_said_at_once(driver: Driver, lab: dict[str, Any]) -> None:
    """A node larger than the host is refused before anything is written, and the lab holds what it held."""
    body = {"kind": "add_node", "lab_id": lab["id"], "memory_mib": 4 * 1024 * 1024}
    refused = driver.post("/v1/jobs", body, 422)

    assert [item["pointer"] for item in refused["errors"]] == ["#/memory_mib"]
    assert _held(driver, lab) == 2 * 8192


def test_a_wrong_present_password_is_found_out(driver: Driver, lab: dict[str, Any]) -> None:
    """A rotation with a password that no node has stops before it changes anything, and says what to give."""
    asked = {"kind": "rotate_guest_password", "lab_id": lab["id"], "present_password": {"value": "not-the-one"}}
    job = driver.wait(driver.submit(asked), state="failed")
    assert job["error"]["code"] == "GUEST_CREDENTIAL_REJECTED"
    assert "present_password" in job["error"]["remedy"]

    _run(driver, lab, "rotate_guest_password")
    assert _drift(driver, lab) == []
