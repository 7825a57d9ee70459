"""A backup that was taken while a job ran is restored into a fresh server, long after the job has gone on."""

from __future__ import annotations

import shutil
import signal
import uuid
from pathlib import Path

import pytest
import requests

from tests.e2e.driver import Driver
from tests.soak.ops_kit import OpsStack, begun, endpoint, told

PROGRAMS = ("API", "WORKER_1", "WORKER_2")


@pytest.mark.parametrize(
    ("moment", "later", "nodes"), [("seed-disk-", "install-role-", 1), ("install-role-", "create-cluster", 2)]
)
def test_a_job_goes_on_from_a_backup_of_its_middle(tmp_path: Path, moment: str, later: str, nodes: int) -> None:
    """The job that the backup knows ends well: no effect applied twice, nobody untold, its key and audit chain hold."""
    with OpsStack(tmp_path / "run") as stack:
        driver = Driver(stack)
        with endpoint(driver, "job.succeeded", "step.succeeded", "step.skipped") as receiver:
            body, key = driver.cluster(count=nodes), str(uuid.uuid4())
            job_id = driver.post("/v1/jobs", body, 202, **{"Idempotency-Key": key})["id"]
            driver.wait_for_step(job_id, moment)
            said = stack.did("backup", str(tmp_path / "ledger.backup"))
            driver.until(lambda: begun(driver, job_id, later), 90, f"{later} to begin")
            _lose_everything(stack)

            done = stack.did("restore", str(tmp_path / "ledger.backup"), **_keys(stack))
            assert "running steps go on" in done
            for name in PROGRAMS:
                stack.begin(name)

            driver.until(lambda: _answers(driver), 60, "the API to answer again")
            driver.wait(job_id, state="succeeded")
            assert driver.doubled(body["nodes"]["name_prefix"]) == {}
            assert driver.doubled(body["cluster"]["name"]) == {}
            assert job_id == driver.post("/v1/jobs", body, 202, **{"Idempotency-Key": key})["id"]
            assert ["ready"] == [lab["state"] for lab in driver.get("/v1/labs")["items"]]
            steps = {(f"step.{step['state']}", name) for name, step in driver.steps(job_id).items()}
            wanted = steps | {("job.succeeded", "")}
            driver.until(lambda: wanted <= told(receiver), 60, "every webhook")
            stack.did("audit", "verify")
            assert said.count("private keys") == 1


def _lose_everything(stack: OpsStack) -> None:
    """Kill everything at once and begin an empty server in the place of the lost one."""
    for name in (*PROGRAMS, "REDIS"):
        stack.end(name, signal.SIGKILL)
    shutil.rmtree(stack.settings.directory / "valkey")
    stack.begin("REDIS")
    driver = Driver(stack)
    driver.until(lambda: stack.command("keys", "list").returncode == 0, 60, "the fresh server")


def _keys(stack: OpsStack) -> dict[str, str]:
    return {"MATRYOSHKA_PRIVATE_KEY_FILE": str(stack.keys() / "sealing.key")}


def _answers(driver: Driver) -> bool:
    try:
        return driver.stack.call("GET", "/readyz").ok
    except requests.ConnectionError:
        return False
