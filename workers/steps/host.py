"""The host before anything is built: what it is, what it has room for, and what forbids nesting on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from service.ledger.nesting import findings_for_host
from service.ledger.plan import Finding, Severity
from workers.errors import StepRefused
from workers.steps.base import Applied, ReadOnly, StepContext


class InspectHost(ReadOnly):
    """Read the host report and the outermost CPU probe, and apply the gates that the plan gives."""

    action: ClassVar[str] = "InspectHost"

    def apply(self, ctx: StepContext) -> Applied:
        """Record both; raises StepRefused with the first rule that the host breaks."""
        ctx.report(None, "reading the host report")
        report = ctx.host.read("Get-NestedHostReport")
        probe = ctx.host.read("Get-NestedCpuProbe")
        findings = findings_for_host(report)
        gates = ctx.params.get("gates") or {}
        if gates.get("nesting"):
            _apply_rules(ctx, findings)
        _refuse_without_room(report, gates, ctx.owner)
        _refuse_without_switch(report, ctx.params.get("switch"))
        found = [asdict(finding) for finding in findings]
        return Applied({"host.report": report, "host.findings": found, "probe.L0": probe})


def _apply_rules(ctx: StepContext, findings: Iterable[Finding]) -> None:
    for finding in findings:
        if finding.severity is Severity.ERROR:
            raise StepRefused(finding.reason, reason=finding.code, remedy=finding.remedy)
        if finding.severity is Severity.WARNING:
            ctx.warn(finding.code, reason=finding.reason, remedy=finding.remedy)


def _refuse_without_room(report: Mapping[str, Any], gates: Mapping[str, Any], owner: str) -> None:
    # What our own VMs hold already (a run that goes on after a break) is not needed again.
    held = sum(vm["memory_assigned_mib"] or 0 for vm in report["vms"] if vm["owner"] == owner)
    needed = int(gates.get("memory_mib") or 0) - held
    if needed > report["memory_free_mib"]:
        message = f"{needed} MiB of memory are needed, {report['memory_free_mib']} MiB are free"
        raise StepRefused(message, reason="CAPACITY_RAM", remedy="Free memory on the host, or ask for smaller nodes.")
    free = _free_gib(report, str(gates.get("path") or ""))
    wanted = int(gates.get("disk_gib") or 0)
    if free is not None and wanted > free:
        message = f"{wanted} GiB of disk are needed, {free} GiB are free"
        raise StepRefused(message, reason="CAPACITY_DISK", remedy="Free disk space under the host's storage path.")


def _free_gib(report: Mapping[str, Any], path: str) -> int | None:
    """Return what the path's volume has free, without a path the roomiest volume; None when there is none."""
    volumes = {volume["path"].rstrip("\\").lower(): int(volume["free_gib"]) for volume in report["volumes"]}
    if not path:
        return max(volumes.values(), default=None)
    holders = [name for name in volumes if path.lower().startswith(name)]
    return volumes[max(holders, key=len)] if holders else None


def _refuse_without_switch(report: Mapping[str, Any], switch: Any) -> None:
    wanted = _existing_switch(switch)
    if wanted and wanted not in {found["name"] for found in report["switches"]}:
        message = f"the host has no switch named {wanted}"
        raise StepRefused(message, reason="SWITCH_MISSING", remedy="Create it, or ask for an internal switch.")


def _existing_switch(switch: Any) -> str:
    """Return the name of the switch that must be there already; '' when the lab makes its own or needs none."""
    if isinstance(switch, Mapping):
        return str(switch["name"]) if switch.get("kind") == "external" else ""
    return str(switch or "")
