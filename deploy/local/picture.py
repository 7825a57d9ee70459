"""The demo's picture of a job: a bar a node, the current step, warnings above; and the CPU ledger as a table."""

from __future__ import annotations

from collections import Counter
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

_SHARED = "host and cluster"
_DONE = {"step.succeeded", "step.skipped"}
_NOTED = {"step.warned": "yellow", "step.failed": "red", "step.retried": "yellow", "step.lost": "yellow"}


class Picture:
    """Shows a job's events as they come. Use as a context manager."""

    def __init__(self, console: Console, steps: list[dict[str, Any]]) -> None:
        self._titles = {step["id"]: step["title"] for step in steps}
        self._node = {step["id"]: step["node"] or _SHARED for step in steps}
        self._console = console
        self._progress = Progress(
            TextColumn("{task.fields[node]:<16}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
        )
        totals = Counter(self._node.values())
        self._bars: dict[str, TaskID] = {
            node: self._progress.add_task("", total=totals[node], node=node) for node in sorted(totals, key=_order)
        }

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, event: dict[str, Any]) -> None:
        """Draw one event; events of no interest here change nothing."""
        step = event.get("step_id") or ""
        if event["type"] in _NOTED:
            self._note(event, step)
        if step not in self._node:
            return
        bar = self._bars[self._node[step]]
        if event["type"] == "step.started":
            self._progress.update(bar, description=self._titles[step])
        elif event["type"] in _DONE:
            self._progress.advance(bar)

    def _note(self, event: dict[str, Any], step: str) -> None:
        data = event.get("data", {})
        text = data.get("message") or data.get("detail") or ""
        colour = _NOTED[event["type"]]
        self._progress.console.print(f"[{colour}]{event['type']:<13}[/{colour}] {step}: {text}", highlight=False)


def _order(node: str) -> tuple[bool, str]:
    return node != _SHARED, node


def result_lines(summary: dict[str, Any]) -> list[str]:
    """Return what was built, a line a node and some for the cluster."""
    nodes = [f"  node {node['name']}  {node['address']}  VM {node['vm_id']}" for node in summary["nodes"]]
    cluster = summary["cluster"]
    state, validation = cluster["state"], cluster["validation"]
    members = ", ".join(f"{node['name']} {node['state']}" for node in state["nodes"])
    checked = f"{validation['failed_count']} failed, {validation['warning_count']} warned"
    return [
        *nodes,
        f"  cluster {state['name']}  {state['address']}  quorum {state['quorum_type']}  ({members})",
        f"  cluster validation: {checked}; a nested VM ran in each of {len(summary['nested_vms'])} nodes",
    ]


def ledger_table(rows: list[dict[str, Any]]) -> Table:
    """Return the CPU ledger: what each level of virtualization showed, and whether that proves it."""
    table = Table(title="CPU ledger: is virtualization really there, at every level?")
    for column in ("level", "where", "when", "hypervisor", "VMX/SVM", "SLAT", "launched", "microcode", "verdict"):
        table.add_column(column, no_wrap=True)
    for row in rows:
        reading = row["reading"] or {}
        table.add_row(
            row["level"],
            row["node"] or "host",
            row["phase"],
            *(_mark(reading.get(key)) for key in ("hypervisor_present", "vm_monitor_mode_extensions")),
            *(_mark(reading.get(key)) for key in ("second_level_address_translation", "hypervisor_launched")),
            reading.get("microcode_signature") or "",
            row["verdict"],
        )
    return table


def unobserved(rows: list[dict[str, Any]]) -> list[str]:
    """Return why rows of the ledger have no reading, one line a reason."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if not row["observed"]:
            reasons.setdefault(row["reason"], []).append(f"{row['level']} {row['node'] or 'host'} {row['phase']}")
    return [f"not observed: {', '.join(places)}: {reason}" for reason, places in reasons.items()]


def _mark(value: Any) -> str:
    return "?" if value is None else ("yes" if value else "-")
