"""Writes the Grafana dashboards: `python -m deploy.observability.dashboards`. A panel here is one line of queries.

What the API reads from the ledger is the same from every process, so those queries take `max by`, never `sum`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "grafana" / "dashboards"
_WIDTH, _HEIGHT, _COLUMNS = 12, 8, 2
_UNFINISHED = '{state!~"succeeded|failed|cancelled|expired"}'
_REQUESTS = "matryoshka:http_requests:rate5m"
_REFUSED = "matryoshka_fences_refused_total"
_SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True)
class Panel:
    """One graph: `queries` are PromQL by their legend; `unit` is Grafana's name of one."""

    title: str
    queries: Mapping[str, str]
    unit: str = "short"


def _quantiles(metric: str, by: str = "") -> dict[str, str]:
    labels, legend = (f"le, {by}", f" {{{{{by}}}}}") if by else ("le", "")
    rates = f"sum by ({labels}) (rate({metric}_bucket[$__rate_interval]))"
    return {f"p{share}{legend}": f"histogram_quantile(0.{share}, {rates})" for share in (50, 95)}


def _p95(metric: str, by: str) -> dict[str, str]:
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return {legend: f"histogram_quantile(0.95, sum by (le, {by}) (rate({metric}_bucket[$__rate_interval])))"}


def _rate(metric: str, by: str, where: str = "") -> dict[str, str]:
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return {legend: f"sum by ({by}) (rate({metric}{where}[$__rate_interval]))"}


DASHBOARDS: Mapping[str, tuple[str, Sequence[Panel]]] = {
    "jobs": (
        "Matryoshka: jobs and queue",
        (
            Panel("Unfinished jobs by state", {"{{state}}": f"sum by (state) (matryoshka:jobs{_UNFINISHED})"}),
            Panel("Jobs kept, by kind", {"{{kind}}": "sum by (kind) (matryoshka:jobs)"}),
            Panel("Submissions", _rate("matryoshka_job_submissions_total", "kind, outcome"), "reqps"),
            Panel("From submission to first step", _quantiles("matryoshka_job_queue_seconds", "kind"), "s"),
            Panel("How long a ready step waits", _quantiles("matryoshka_step_wait_seconds"), "s"),
            Panel(
                "Next in line",
                {
                    "oldest ready step": "max(matryoshka_step_ready_seconds)",
                    "oldest queued job": "max(matryoshka_job_oldest_queued_seconds)",
                },
                "s",
            ),
            Panel(
                "Work there is",
                {
                    "steps to claim": "max(matryoshka_steps_claimable)",
                    "steps that run": "max(matryoshka_leases)",
                    "wake-ups {{queue}}": "max by (queue) (matryoshka_wakeups_waiting)",
                },
            ),
            Panel("Steps left, by outcome", _rate("matryoshka_steps_total", "outcome"), "ops"),
            Panel("Failed steps, by action", _rate("matryoshka_steps_total", "action", '{outcome="failed"}'), "ops"),
            Panel("Duration of steps (p95)", _p95("matryoshka_step_duration_seconds", "action"), "s"),
            Panel(
                "Workers",
                {
                    "alive": "max(matryoshka_workers)",
                    "slots": "sum(matryoshka_worker_slots)",
                    "busy {{work}}": "sum by (work) (matryoshka_worker_slots_busy)",
                    "leases held {{instance}}": "sum by (instance) (matryoshka_leases_held)",
                },
            ),
            Panel(
                "What should be zero",
                {
                    "leases lost": "sum(increase(matryoshka_leases_lost_total[$__rate_interval]))",
                    "fences refused: {{by}}": f"sum by (by) (increase({_REFUSED}[$__rate_interval]))",
                },
            ),
        ),
    ),
    "hosts": (
        "Matryoshka: hosts and PSRP",
        (
            Panel("Steps on a host", {"{{host_id}} {{weight}}": "max by (host_id, weight) (matryoshka_host_steps)"}),
            Panel("Jobs that wait for room", {"{{host_id}}": "max by (host_id) (matryoshka_host_jobs_waiting)"}),
            Panel("Not answering since", {"{{host_id}}": "max by (host_id) (matryoshka_host_away_seconds)"}, "s"),
            Panel("Sessions", {"{{host_id}} {{state}}": "sum by (host_id, state) (matryoshka_psrp_sessions)"}),
            Panel("Sessions opened", _rate("matryoshka_psrp_sessions_opened_total", "host_id, outcome"), "ops"),
            Panel("Calls", _rate("matryoshka_psrp_calls_total", "host_id, outcome"), "ops"),
            Panel("Duration of calls (p95)", _p95("matryoshka_psrp_call_duration_seconds", "function"), "s"),
            Panel("Calls that failed", _rate("matryoshka_psrp_calls_total", "outcome", '{outcome!="ok"}'), "ops"),
        ),
    ),
    "webhooks": (
        "Matryoshka: webhooks",
        (
            Panel("Tries", _rate("matryoshka_webhook_attempts_total", "receiver, outcome"), "ops"),
            Panel("From event to delivery", _quantiles("matryoshka_webhook_lag_seconds", "receiver"), "s"),
            Panel("Duration of a try", _quantiles("matryoshka_webhook_attempt_duration_seconds", "receiver"), "s"),
            Panel("Overdue", {"longest due": "max(matryoshka_webhook_late_seconds)"}, "s"),
            Panel(
                "Deliveries",
                {
                    "pending": "max(matryoshka_webhook_deliveries_pending)",
                    "due now": "max(matryoshka_webhook_deliveries_due)",
                },
            ),
            Panel("Endpoints", {"{{state}}": "max by (state) (matryoshka_webhook_endpoints)"}),
        ),
    ),
    "api": (
        "Matryoshka: API and ledger",
        (
            Panel("Answers by status", {"{{status}}": f"sum by (status) ({_REQUESTS})"}, "reqps"),
            Panel("Answers by route", {"{{method}} {{route}}": f"sum by (method, route) ({_REQUESTS})"}, "reqps"),
            Panel("Duration of requests (p95)", _p95("matryoshka_http_request_duration_seconds", "method, route"), "s"),
            Panel("Errors of the service", {"share": "matryoshka:http_errors:ratio5m"}, "percentunit"),
            Panel(
                "Event streams",
                {
                    "open": "sum(matryoshka_sse_clients)",
                    "opened": "sum(increase(matryoshka_sse_streams_total[$__rate_interval]))",
                    "dropped: {{reason}}": "sum by (reason) (increase(matryoshka_sse_drops_total[$__rate_interval]))",
                },
            ),
            Panel("Moves of the ledger", _rate("matryoshka_redis_move_duration_seconds_count", "move"), "ops"),
            Panel("Duration of moves", _quantiles("matryoshka_redis_move_duration_seconds"), "s"),
            Panel("Failed moves", _rate("matryoshka_redis_move_errors_total", "move, error"), "ops"),
            Panel(
                "Sweep",
                {
                    "since the last": "max(matryoshka_sweep_lag_seconds)",
                    "lost lease waits": "max(matryoshka_lease_late_seconds)",
                    "wait overdue": "max(matryoshka_wait_late_seconds)",
                },
                "s",
            ),
            Panel(
                "Ledger",
                {
                    "answers": "max(matryoshka_ledger_up)",
                    "audit entries not chained": "max(matryoshka_audit_open_entries)",
                },
            ),
        ),
    ),
}


def dashboard(name: str) -> dict[str, Any]:
    """Return a dashboard as Grafana reads it."""
    title, panels = DASHBOARDS[name]
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Data source"}
    return {
        "uid": f"matryoshka-{name}",
        "title": title,
        "tags": ["matryoshka"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    column, row = number % _COLUMNS, number // _COLUMNS
    targets = [
        {"refId": chr(ord("A") + at), "expr": query, "legendFormat": legend, "datasource": _SOURCE}
        for at, (legend, query) in enumerate(panel.queries.items())
    ]
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": targets,
    }


def text_of(name: str) -> str:
    """Return the text of a dashboard's file."""
    return json.dumps(dashboard(name), indent=2) + "\n"


if __name__ == "__main__":
    for one in DASHBOARDS:
        (FOLDER / f"{one}.json").write_text(text_of(one))
