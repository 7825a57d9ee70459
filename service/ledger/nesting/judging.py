"""How a rule speaks: findings by severity, the citations, and what several rules ask about a report. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.nesting import releases
from service.ledger.plan import Finding, Severity

Report = Mapping[str, Any]

RUN_NESTED = "Microsoft Learn: Run Hyper-V in a virtual machine with nested virtualization"
WHAT_IS_NESTED = "Microsoft Learn: What is nested virtualization for Hyper-V"
PREVIEW_PAGE = "Microsoft, Virtualization-Documentation, nested virtualization page of 2015-10 to 2016-04 (previews)"
NOTES_14361 = "Microsoft, Virtualization-Documentation commit c64de82d (build 14361)"
STATUS_SCRIPT = "Microsoft, Virtualization-Documentation hyperv-tools/Nested/Get-NestedVirtStatus.ps1"
VERSION_TABLE = "Microsoft Learn: Upgrade virtual machine version in Hyper-V"
CONTRADICTION = "Microsoft, Virtualization-Documentation commits 59a8ada8 (2019-05) and e618cced (2021-09) disagree"


def error(code: str, reason: str, remedy: str, source: str, pointer: str = "") -> Finding:
    """Return a finding that forbids the build."""
    return Finding(code, Severity.ERROR, reason, remedy, source, pointer)


def warning(code: str, reason: str, remedy: str, source: str, pointer: str = "") -> Finding:
    """Return a finding that is shown."""
    return Finding(code, Severity.WARNING, reason, remedy, source, pointer)


def info(code: str, reason: str, remedy: str, source: str, pointer: str = "") -> Finding:
    """Return a finding that explains."""
    return Finding(code, Severity.INFO, reason, remedy, source, pointer)


def os_build(report: Report) -> int:
    """Return the OS build, 0 when the report has none."""
    return int(report.get("os_build") or 0)


def is_preview(report: Report) -> bool:
    """True for the previews of 2015 and 2016, whose nesting had more limits."""
    return 0 < os_build(report) < releases.STRICT_PREVIEWS_END


def needed_version(report: Report) -> releases.Version | None:
    """Return the least VM version that may nest on this host, None on previews: not documented there."""
    if os_build(report) < releases.STRICT_PREVIEWS_END:
        return None
    return releases.AMD_VERSION if report.get("cpu_vendor") == releases.AMD else releases.INTEL_VERSION


def dotted(version: releases.Version) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))
