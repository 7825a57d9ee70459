"""What the web process counts, and what a scrape reads from the ledger."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from redis.exceptions import ConnectionError as Away

from service.api.context import Context
from service.api.event_stream import StreamRequest, _frames
from service.api.ledger_metrics import LedgerMetrics
from service.api.measuring import answered
from service.api.problems import Problem
from service.api.streams import StreamGate
from service.ledger.queue import WakeFailed
from service.ledger.store import HostTally, Store, Subscription, Tallies, Vitals
from service.observing.metrics import REGISTRY

VITALS = Vitals(100.0, 97.5, 3, 2, 1.5, 0.0, 4, 9.0, 30.0, 1, {})
TALLIES = Tallies(
    {("inspect_host", "running"): 2}, 5, {"active": 1, "disabled": 2}, 3, [HostTally("host_1", 4, 1, 6, 70.0)], 12.0
)


@dataclass
class FakeLedger:
    """Stands for the store: both of its reads."""

    reads: int = 0
    is_away: bool = False
    vitals: Any = field(init=False)
    tallies: Any = field(init=False)

    def __post_init__(self) -> None:
        self.vitals = self.tallies = self

    def read(self) -> Any:
        """Answer the two reads in turn."""
        if self.is_away:
            raise Away
        self.reads += 1
        return VITALS if self.reads % 2 else TALLIES


def _values(metrics: LedgerMetrics) -> dict[tuple[str, ...], float]:
    samples = [sample for family in metrics.collect() for sample in family.samples]
    return {(one.name.removeprefix("matryoshka_"), *one.labels.values()): one.value for one in samples}


def _metrics(ledger: FakeLedger, clock: list[float]) -> LedgerMetrics:
    return LedgerMetrics(cast("Store", ledger), {"steps": 7, "deliveries": 0}.__getitem__, lambda: clock[0])


def test_a_scrape_reads_the_ledger_once_in_some_seconds() -> None:
    """What the ledger tells becomes gauges; scrapes that follow at once are answered from the same read."""
    ledger, clock = FakeLedger(), [0.0]
    metrics = _metrics(ledger, clock)
    first = _values(metrics)
    clock[0] = 4.9
    again = _values(metrics)
    assert 2 == ledger.reads
    clock[0] = 5.1
    _values(metrics)

    assert 4 == ledger.reads
    assert first == again
    assert {
        ("ledger_up",): 1.0,
        ("sweep_lag_seconds",): 2.5,
        ("jobs", "inspect_host", "running"): 2.0,
        ("webhook_endpoints", "disabled"): 2.0,
        ("webhook_late_seconds",): 9.0,
        ("host_steps", "host_1", "heavy"): 1.0,
        ("host_steps", "host_1", "light"): 3.0,
        ("host_away_seconds", "host_1"): 70.0,
        ("step_ready_seconds",): 12.0,
        ("workers",): 3.0,
        ("wakeups_waiting", "steps"): 7.0,
    }.items() <= first.items()


def test_a_ledger_that_is_away_is_said_and_no_old_figure_is_shown() -> None:
    """`ledger_up` is 0 and alone: a scrape does not fail, and nothing that is no longer known is told."""
    ledger, clock = FakeLedger(), [0.0]
    metrics = _metrics(ledger, clock)
    _values(metrics)
    ledger.is_away, clock[0] = True, 10.0

    assert {("ledger_up",): 0.0} == _values(metrics)


def test_a_broker_that_is_away_hides_only_its_queues() -> None:
    """The ledger's figures stay."""

    def waiting(_: str) -> int:
        raise WakeFailed

    found = _values(LedgerMetrics(cast("Store", FakeLedger()), waiting, lambda: 0.0))

    assert 1.0 == found[("ledger_up",)]
    assert not any(name[0] == "wakeups_waiting" for name in found)


def _count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"matryoshka_{name}", labels) or 0.0


def test_methods_that_callers_make_up_are_one_label() -> None:
    """Whatever word a caller sends as a method, the number of series stays bounded."""
    before = _count("http_requests_total", method="other", route="", status="405")
    answered("BREW", "", 405, 0.1)
    answered("STIR", "", 405, 0.1)

    assert 2 == _count("http_requests_total", method="other", route="", status="405") - before
    assert 0 == _count("http_requests_total", method="BREW", route="", status="405")


def test_streams_are_counted_in_and_out_and_refusals_too() -> None:
    """Open streams are a gauge, each opening counts, and a refused one is a drop."""
    gate = StreamGate(1, 0)
    clients, opened = _count("sse_clients"), _count("sse_streams_total")
    refused = _count("sse_drops_total", reason="refused")
    gate.enter_stream()
    with pytest.raises(Problem):
        gate.enter_stream()

    assert (1, 1) == (_count("sse_clients") - clients, _count("sse_streams_total") - opened)
    assert 1 == _count("sse_drops_total", reason="refused") - refused
    gate.leave_stream()
    assert clients == _count("sse_clients")


class _Ended:
    """Stands for a subscription whose reader was too slow (dropped), or whose ledger is away."""

    oldest_id = None

    def __init__(self, *, dropped: bool) -> None:
        self.dropped = dropped

    def next(self, _: float) -> None:
        """The ledger is away."""
        raise Away


@pytest.mark.parametrize(("dropped", "reason"), [(True, "slow"), (False, "broken")])
def test_streams_that_are_cut_count_with_their_reason(dropped: bool, reason: str) -> None:
    """A reader that does not keep up and a ledger that goes away are told apart."""
    before = _count("sse_drops_total", reason=reason)
    settings = SimpleNamespace(stream_keepalive_seconds=1.0)
    context = cast("Context", SimpleNamespace(gate=StreamGate(1, 0), settings=settings))
    list(_frames(context, StreamRequest(None, ""), cast("Subscription", _Ended(dropped=dropped))))

    assert 1 == _count("sse_drops_total", reason=reason) - before


def test_counters_that_alerts_watch_begin_at_zero() -> None:
    """A series that begins with its first event, at 1, has no increase, and the alert would miss it."""
    show = (
        "import prometheus_client as p, service.observing.metrics as m; print(p.generate_latest(m.REGISTRY).decode())"
    )
    shown = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True).stdout
    lines = shown.splitlines()

    for series in ('sse_drops_total{reason="refused"}', 'fences_refused_total{by="host"}', "leases_lost_total"):
        assert f"matryoshka_{series} 0.0" in lines
