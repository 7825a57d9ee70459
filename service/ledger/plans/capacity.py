"""Whether a lab fits its host, as far as that is known. Admission itself counts reservations; this explains. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.ledger.nesting.judging import error, warning
from service.ledger.plan import Demand, Finding, PlanContext

_SOURCE = "the host's record and its last inspection"
_FIELD = "observed: nforgeio/neonKUBE#1872, microsoft/MSLab#300 (free memory counts, not total)"


@dataclass(frozen=True)
class _Kind:
    """One thing that runs out, with its names."""

    code: str
    what: str
    unit: str
    pointer: str
    remedy: str


_MEMORY = _Kind(
    "CAPACITY_RAM", "memory", "MiB", "memory_mib", "Ask for fewer nodes or less memory, or use another host."
)
_DISK = _Kind("CAPACITY_DISK", "disk", "GiB", "disk_gib", "Ask for fewer or smaller disks, or free space on the host.")


def capacity_findings(demand: Demand, context: PlanContext, prefix: str) -> Iterator[Finding]:
    """Yield an error when the lab is larger than the whole host, a warning when larger than what was free."""
    host = context.host or {}
    report, given = host.get("report") or {}, host.get("capacity") or {}
    reserve = (host.get("limits") or {}).get("memory_reserve_mib", 0)
    volume = volume_of(report, host.get("storage_path") or "")
    memory_total = _less(given.get("memory_mib") or report.get("memory_total_mib"), reserve)
    memory_free = _less(report.get("memory_free_mib"), reserve)
    yield from _judge(_MEMORY, demand.memory_mib, memory_total, memory_free, prefix)
    yield from _judge(
        _DISK, demand.disk_gib, given.get("disk_gib") or volume.get("size_gib"), volume.get("free_gib"), prefix
    )
    if context.host is not None and memory_total is None:
        yield warning(
            "CAPACITY_UNKNOWN",
            "Neither a capacity nor an inspection says how much memory the host has.",
            "Inspect the host, or set its capacity.",
            _SOURCE,
        )


def _judge(kind: _Kind, wanted: int, total: int | None, free: int | None, prefix: str) -> Iterator[Finding]:
    pointer = f"{prefix}/{kind.pointer}"
    if total is not None and wanted > total:
        reason = f"The lab needs {wanted} {kind.unit} of {kind.what}; the host has {total} {kind.unit} for labs."
        yield error(kind.code, reason, kind.remedy, _SOURCE, pointer)
    elif free is not None and wanted > free:
        reason = (
            f"The lab needs {wanted} {kind.unit} of {kind.what}; {free} {kind.unit} were free at the last inspection."
        )
        yield warning(kind.code, reason, kind.remedy, _FIELD, pointer)


def _less(amount: int | None, reserve: int) -> int | None:
    return None if amount is None else max(0, amount - reserve)


def volume_of(report: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """Return the reported volume that a path is on; {} when none is known."""
    # The longest mount point that the storage path begins with: a volume may be mounted in a folder.
    wanted = path.lower()
    volumes = [volume for volume in report.get("volumes") or () if wanted.startswith(str(volume.get("path")).lower())]
    return max(volumes, key=lambda volume: len(volume["path"]), default={})
