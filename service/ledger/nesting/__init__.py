"""Nested-virtualization rules by CPU vendor, OS build and VM version, each with its reason, remedy and source. Pure.

`findings_for_host` judges the report of `Get-NestedHostReport` (keys in snake_case), `findings_for_node` the settings
of one node on such a host. What a report does not say is not judged. What Microsoft's pages disagree about, or what is
not documented, is never an error (marked U in docs/sources.md H1 to H4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.ledger.nesting.host import HOST_RULES
from service.ledger.nesting.judging import Report
from service.ledger.nesting.node import NODE_RULES, SMALLEST_NODE_MIB
from service.ledger.plan import Finding, Severity

_SEVERITY_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def findings_for_host(report: Report) -> tuple[Finding, ...]:
    """Return what the rules find about a host, errors first. Nothing when it can nest and nothing is worth saying."""
    return _collect(rule(report) for rule in HOST_RULES)


def findings_for_node(report: Report, settings: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what the rules find about one node on the host, errors first.

    Settings, all optional: `memory_mib`, `allow_small_memory`, `processor_count`, `guest_build` (OS build in the node),
    `vm_version` (text; the host's default when absent), and for a VM that exists `dynamic_memory`, `checkpoints`
    (count), `saved`. A pointer is the name of the setting, such as `memory_mib`; callers put their prefix before it.
    """
    return _collect(rule(report, settings) for rule in NODE_RULES)


def can_nest(report: Report) -> bool:
    """True when no rule forbids nesting on the host."""
    return not any(finding.severity is Severity.ERROR for finding in findings_for_host(report))


def _collect(batches: Iterable[Iterator[Finding]]) -> tuple[Finding, ...]:
    found = [finding for batch in batches for finding in batch]
    return tuple(sorted(found, key=lambda finding: _SEVERITY_ORDER[finding.severity]))


def could_build(report: Report, reserve_mib: int = 2048) -> dict[str, Any]:
    """Return what the host could build now: kinds, and how many nodes of 4096 MiB its free memory holds."""
    nests = can_nest(report)
    free = int(report.get("memory_free_mib") or 0) - reserve_mib
    nodes = max(0, free // SMALLEST_NODE_MIB) if nests else 0
    kinds = [kind for kind, needed in (("nested_host", 1), ("nested_cluster", 2)) if nodes >= needed]
    return {"can_nest": nests, "kinds": kinds, "smallest_nodes_now": nodes}
