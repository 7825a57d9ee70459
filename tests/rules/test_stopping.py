"""Whoever ends our programs gives them the time that they take: settings, gunicorn, units, containers, chart agree."""

from __future__ import annotations

import re
import runpy
from configparser import RawConfigParser

import yaml

from tests.conftest import ROOT
from workers.settings import Settings

DEPLOY = ROOT / "deploy"
# A worker closes its sessions and leaves; Celery has noticed the signal a second later at most.
MARGIN_SECONDS = 10
DRAIN_SECONDS = Settings.from_env({"MATRYOSHKA_REDIS_URL": "redis://x"}).drain_seconds
GRACEFUL_SECONDS = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))["graceful_timeout"]
VALUES = yaml.safe_load((DEPLOY / "helm/matryoshka/values.yaml").read_text())


def _unit(name: str) -> RawConfigParser:
    unit = RawConfigParser(strict=False)
    unit.read(DEPLOY / "systemd" / name)
    return unit


def test_units_wait_longer_than_the_programs_take() -> None:
    """Systemd kills neither program before its own time to stop is over, and signals the main process first."""
    for name, own in (("matryoshka-api.service", GRACEFUL_SECONDS), ("matryoshka-worker@.service", DRAIN_SECONDS)):
        service = _unit(name)["Service"]
        assert int(service["TimeoutStopSec"]) >= own + MARGIN_SECONDS
        assert "mixed" == service["KillMode"]


def test_containers_wait_longer_than_the_programs_take() -> None:
    """compose.yaml kills neither program before its own time to stop is over."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for name, own in (("api", GRACEFUL_SECONDS), ("worker", DRAIN_SECONDS)):
        assert int(services[name]["stop_grace_period"].removesuffix("s")) >= own + MARGIN_SECONDS


def test_the_chart_waits_longer_than_the_programs_take() -> None:
    """A pod's grace period holds its wait for the service, the program's own time, and some more."""
    template = (DEPLOY / "helm/matryoshka/templates/api.yaml").read_text()
    grace = re.search(r"terminationGracePeriodSeconds: (\d+)", template)
    before = re.search(r'preStop: \{exec: \{command: \["sleep", "(\d+)"\]', template)
    assert grace is not None
    assert before is not None
    assert int(grace[1]) >= int(before[1]) + GRACEFUL_SECONDS + MARGIN_SECONDS

    worker = VALUES["worker"]
    assert DRAIN_SECONDS == worker["drainSeconds"]
    assert worker["terminationGracePeriodSeconds"] >= worker["drainSeconds"] + MARGIN_SECONDS
