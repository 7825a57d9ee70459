"""Dashboards, alerts, runbooks and the page on them speak of metrics that the code has; none of them is forgotten."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import click
import pytest
import yaml
from prometheus_client.registry import Collector

from deploy.observability.dashboards import DASHBOARDS, FOLDER, text_of
from service.api.ledger_metrics import LedgerMetrics
from service.cli import matryoshka
from service.ledger.store import Store
from service.observing.metrics import REGISTRY
from tests.conftest import ROOT

PROMETHEUS = ROOT / "deploy" / "observability" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGE = ROOT / "docs" / "observability.md"
_NAME = re.compile(r"matryoshka[_:][a-z0-9_:]+")
_COMMAND = re.compile(r"`matryoshka ([^`]+)`")
_PARTS = ("What it means", "How to see", "What to do")
_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


def _rules(kind: str) -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "matryoshka.rules.yml").read_text())["groups"]
    return {rule[kind]: rule for group in groups for rule in group["rules"] if kind in rule}


def _families() -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Type, labels and help of every metric, by its name as it is scraped (of a counter with `_total`)."""
    found = {}
    collectors: set[Any] = set(REGISTRY._collector_to_names)
    for one in collectors:
        family = one.describe()[0]
        found[family.name + ("_total" if family.type == "counter" else "")] = (
            family.type,
            tuple(one._labelnames),
            family.documentation,
        )
    ledger: Collector = LedgerMetrics(cast("Store", None), lambda _: 0)
    for family in ledger.describe():
        found[family.name] = (family.type, tuple(family._labelnames), family.documentation)
    return found


def _series() -> set[str]:
    found = set()
    for name, (kind, _, _) in _families().items():
        found |= {name} if kind == "counter" else {name + suffix for suffix in _SUFFIXES[kind]}
    return found | set(_rules("record"))


def _texts() -> Iterator[tuple[str, str]]:
    for path in (*PROMETHEUS.glob("*.yml"), *FOLDER.glob("*.json"), *RUNBOOKS.glob("*.md"), PAGE):
        yield path.name, path.read_text()


def test_every_metric_that_is_named_exists() -> None:
    """Rules, their tests, dashboards, runbooks and the page name series that are scraped or recorded."""
    known = _series() | set(_families())
    named = {(place, name) for place, text in _texts() for name in _NAME.findall(text)}

    assert len({name for _, name in named}) > 40
    assert [] == sorted((place, name) for place, name in named if name not in known)


def test_every_metric_is_shown_and_recorded_series_are_used() -> None:
    """Each metric is on a dashboard or in a rule; each recorded series in another rule or on a dashboard."""
    texts = dict(_texts())
    shown = "".join(text for name, text in texts.items() if name.endswith((".json", ".rules.yml")))
    names = {name if kind != "histogram" else f"{name}_" for name, (kind, _, _) in _families().items()}

    assert [] == sorted(name for name in names if name not in shown)
    assert [] == sorted(name for name in _rules("record") if shown.count(name) < 2)


def test_names_follow_prometheus() -> None:
    """All begin with the service's name, times are seconds, counters end in _total, and no label holds a job's id."""
    families = _families()

    assert all(name.startswith("matryoshka_") for name in families)
    assert all(name.endswith("_total") == (kind == "counter") for name, (kind, _, _) in families.items())
    assert all(name.endswith("_seconds") for name, (kind, _, _) in families.items() if kind == "histogram")
    labels = {label for _, labels, _ in families.values() for label in labels}
    unbounded = {"job_id", "step_id", "call_id", "tenant", "request_id", "path", "endpoint_id", "le", "job"}
    assert set() == labels & unbounded


def test_dashboards_are_as_written() -> None:
    """`python -m deploy.observability.dashboards` changes nothing, and each file is what Grafana can tell apart."""
    files = {path.stem: path.read_text() for path in FOLDER.glob("*.json")}

    assert {name: text_of(name) for name in DASHBOARDS} == files
    found = [json.loads(text) for text in files.values()]
    assert len({one["uid"] for one in found}) == len(found)
    assert all(target["expr"] for one in found for panel in one["panels"] for target in panel["targets"])


def test_every_alert_is_tested_both_ways_and_has_a_runbook() -> None:
    """A test in which it fires, one in which it is silent, and a page with the three parts; no page is left over."""
    tests = yaml.safe_load((PROMETHEUS / "matryoshka.rules.test.yml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    alerts = _rules("alert")

    assert set(alerts) == {case["alertname"] for case in cases if case["exp_alerts"]}
    assert set(alerts) == {case["alertname"] for case in cases if not case["exp_alerts"]}
    assert {f"docs/runbooks/{name}.md" for name in alerts} == {one["annotations"]["runbook"] for one in alerts.values()}
    assert set(alerts) == {path.stem for path in RUNBOOKS.glob("*.md")}
    for name in alerts:
        heads = re.findall(r"^## (.+)$", (RUNBOOKS / f"{name}.md").read_text(), re.MULTILINE)
        assert list(_PARTS) == heads, name
        assert f"[{name}](runbooks/{name}.md)" in PAGE.read_text(), name


def _commands() -> list[tuple[str, str]]:
    return [(place, text) for place, whole in _texts() if place.endswith(".md") for text in _COMMAND.findall(whole)]


@pytest.mark.parametrize(("place", "text"), _commands())
def test_commands_of_runbooks_exist(place: str, text: str) -> None:
    """Each `matryoshka ...` of a runbook is a command that click knows, with these options."""
    command: click.Command = matryoshka
    words, context = text.split(), click.Context(matryoshka)
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None, text
        command = found
    known = {name for parameter in command.params for name in parameter.opts}

    assert set() == {word for word in words if word.startswith("--")} - known


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_links_of_runbooks_lead_somewhere(page: Path) -> None:
    """A relative link of a runbook is a file of the project."""
    links = re.findall(r"\]\(([^)\s#]+)", page.read_text())

    assert [] == [link for link in links if "://" not in link and not (page.parent / link).exists()]


def test_the_page_lists_every_metric() -> None:
    """docs/observability.md has one row a metric with its type, labels and meaning, and no other."""
    rows = {
        f"| `{name}` | {kind} | {', '.join(labels)} | {text} |" for name, (kind, labels, text) in _families().items()
    }
    found = {line for line in PAGE.read_text().splitlines() if line.startswith("| `matryoshka_")}

    assert sorted(rows) == sorted(found)


def test_one_module_knows_the_sdk() -> None:
    """OpenTelemetry's SDK is an extra: only `service/observing/otlp.py` imports it, loaded when it is there."""
    found = set()
    for path in (path for package in ("schemas", "service", "workers") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if any(name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")) for name in names):
                found.add(str(path.relative_to(ROOT)))

    assert {"service/observing/otlp.py"} == found
