"""A wake-up that is published has a worker that takes it: names of queues and tasks agree in code and deployment."""

from __future__ import annotations

import re
from configparser import RawConfigParser

import pytest
import yaml
from celery import Celery

from service.ledger import queue
from tests.conftest import ROOT
from workers.tasks import Hands, register

QUEUES = {queue.STEPS_QUEUE, queue.DELIVERIES_QUEUE}
TASKS = {queue.WORK_TASK, queue.DELIVER_TASK}
SCRIPT = "deploy/bin/worker"
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
UNITS = sorted(path.name for path in (ROOT / "deploy" / "systemd").glob("*worker*"))


def test_every_name_of_the_ledger_is_compared_here() -> None:
    """A queue or task that is added to the ledger is added to these rules as well."""
    assert QUEUES == {value for name, value in vars(queue).items() if name.endswith("_QUEUE")}
    assert TASKS == {value for name, value in vars(queue).items() if name.endswith("_TASK")}


def test_the_worker_script_takes_every_queue() -> None:
    """Without a setting, deploy/bin/worker takes work from each queue."""
    default = re.search(r"MATRYOSHKA_QUEUES:-([^}]*)}", (ROOT / SCRIPT).read_text())

    assert default is not None
    assert QUEUES == set(default[1].split(","))


def test_containers_take_every_queue() -> None:
    """The workers of compose.yaml start the script and together take each queue."""
    workers = [service for service in COMPOSE.values() if service.get("command") == [SCRIPT]]
    given = [service["environment"].get("MATRYOSHKA_QUEUES", ",".join(QUEUES)) for service in workers]

    assert QUEUES == {name for names in given for name in names.split(",")}


@pytest.mark.parametrize("unit", UNITS)
def test_units_start_the_script(unit: str) -> None:
    """A systemd unit for workers starts the script and leaves the queues to it, or names each one."""
    parsed = RawConfigParser(strict=False)
    parsed.read(ROOT / "deploy" / "systemd" / unit)
    service = parsed["Service"]
    named = re.search(r"MATRYOSHKA_QUEUES=(\S*)", service.get("Environment", ""))

    assert service["ExecStart"].endswith(SCRIPT)
    assert named is None or QUEUES == set(named[1].split(","))


def test_there_is_a_unit_for_workers() -> None:
    """Workers can be run by systemd."""
    assert UNITS


def test_every_task_is_registered() -> None:
    """The tasks that the ledger names are the ones that workers register."""
    app = Celery("rules", set_as_current=False)
    register(app, _nobody)
    app.finalize(auto=False)

    assert TASKS == {name for name in app.tasks if not name.startswith("celery.")}


def _nobody() -> Hands:
    raise AssertionError("no task runs here")
