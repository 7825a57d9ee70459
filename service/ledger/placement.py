"""Which host a job goes to when its request leaves the choice open: most free memory first. Pure.

A host has room when what is free of it, by the ledger's reservations and by its last inspection, holds the whole lab
and nobody waits there already. The choice is the same for the same facts: ties go by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.ledger.plan import Demand


class Verdict(StrEnum):
    """Why a host was taken or not."""

    CHOSEN = "chosen"
    LESS_FREE = "less_free"  # has room, another one has more
    NO_MEMORY = "no_memory"
    NO_DISK = "no_disk"
    OTHERS_WAIT = "others_wait"
    FORBIDDEN = "forbidden"  # a rule of nesting, or it is too small for this lab even when empty
    CORDONED = "cordoned"
    FULL_MEANWHILE = "full_meanwhile"  # another submission was faster
    GONE_MEANWHILE = "gone_meanwhile"
    TARGET_BUSY = "target_busy"  # an unfinished job there works on a cluster or VM of this name


@dataclass(frozen=True)
class Candidate:
    """One host that the request allows. Free memory and disk are None where nobody knows them.

    `frees_at` is when enough will be free, in seconds since 1970 UTC: None when nobody can tell. `forbidden` is the
    first rule that the lab breaks there, '' for none. `paused`: its bound of steps is 0, so nothing starts there now.
    """

    host_id: str
    name: str
    free_memory_mib: int | None = None
    free_disk_gib: int | None = None
    ahead: int = 0
    frees_at: float | None = None
    schedulable: bool = True
    inspected: bool = True
    paused: bool = False
    forbidden: str = ""


@dataclass(frozen=True)
class Placement:
    """The answer: hosts that have room now, and all where the job may wait, each best first; and why not the others.

    `obstacles` has every candidate without room: the verdict and a sentence.
    """

    demand: Demand
    candidates: Sequence[Candidate]
    fits: Sequence[Candidate] = ()
    lines: Sequence[Candidate] = ()
    obstacles: Mapping[str, tuple[Verdict, str]] = field(default_factory=dict)


def place(candidates: Iterable[Candidate], demand: Demand) -> Placement:
    """Return the order in which the hosts are to be tried. `fits` and `lines` are empty when none will do."""
    known = sorted(candidates, key=lambda one: (one.name, one.host_id))
    found = {one.host_id: _obstacle(one, demand) for one in known}
    usable = [one for one in known if one.schedulable and not one.forbidden]
    return Placement(
        demand,
        known,
        fits=sorted((one for one in usable if found[one.host_id] is None), key=_roomiest),
        lines=sorted(usable, key=_soonest),
        obstacles={host_id: obstacle for host_id, obstacle in found.items() if obstacle},
    )


def describe(placement: Placement, chosen: str, tried: Mapping[str, Verdict] | None = None) -> dict[str, Any]:
    """Return what a caller is told: the chosen host ('' for none), and each candidate with what became of it.

    `tried` are the hosts that were asked first and did not take the job.
    """
    refusals = tried or {}
    fits = {one.host_id for one in placement.fits} - set(refusals)
    rows = [_row(one, placement, chosen, refusals) for one in placement.candidates]
    return {
        "host_id": chosen,
        "has_room": chosen in fits,
        "demand": {"memory_mib": placement.demand.memory_mib, "disk_gib": placement.demand.disk_gib},
        "candidates": sorted(rows, key=lambda row: row["verdict"] != Verdict.CHOSEN),
    }


def _obstacle(one: Candidate, demand: Demand) -> tuple[Verdict, str] | None:
    if not one.schedulable:
        return Verdict.CORDONED, "The host is cordoned."
    if one.forbidden:
        return Verdict.FORBIDDEN, one.forbidden
    return _lack(one, demand) if demand.memory_mib or demand.disk_gib else None


def _lack(one: Candidate, demand: Demand) -> tuple[Verdict, str] | None:
    if one.free_memory_mib is not None and demand.memory_mib > one.free_memory_mib:
        return Verdict.NO_MEMORY, f"{demand.memory_mib} MiB of memory are wanted, {one.free_memory_mib} MiB are free."
    if one.free_disk_gib is not None and demand.disk_gib > one.free_disk_gib:
        return Verdict.NO_DISK, f"{demand.disk_gib} GiB of disk are wanted, {one.free_disk_gib} GiB are free."
    if one.ahead:
        return Verdict.OTHERS_WAIT, f"{one.ahead} jobs wait there already."
    return None


def _roomiest(one: Candidate) -> tuple[Any, ...]:
    # What is known goes before what is hoped: a host that was looked at, then one whose memory is known.
    free = one.free_memory_mib
    return one.paused, not one.inspected, free is None, -(free or 0), one.name, one.host_id


def _soonest(one: Candidate) -> tuple[Any, ...]:
    frees_at = float("inf") if one.frees_at is None else one.frees_at
    return one.paused, frees_at, one.ahead, *_roomiest(one)


def _row(one: Candidate, placement: Placement, chosen: str, tried: Mapping[str, Verdict]) -> dict[str, Any]:
    verdict, detail = _verdict(one, placement, chosen, tried)
    return {
        "host_id": one.host_id,
        "name": one.name,
        "free_memory_mib": one.free_memory_mib,
        "free_disk_gib": one.free_disk_gib,
        "waiting_jobs": one.ahead,
        "verdict": verdict,
        "detail": detail,
    }


def _verdict(one: Candidate, placement: Placement, chosen: str, tried: Mapping[str, Verdict]) -> tuple[Verdict, str]:
    obstacle = placement.obstacles.get(one.host_id)
    if one.host_id == chosen:
        return Verdict.CHOSEN, _praise(one, placement, obstacle[1] if obstacle else "", tried)
    if one.host_id in tried:
        return tried[one.host_id], _TRIED[tried[one.host_id]]
    return obstacle or (Verdict.LESS_FREE, "It has room; the chosen host comes first.")


_TRIED: Mapping[Verdict, str] = {
    Verdict.FULL_MEANWHILE: "It had room when it was chosen; another job was faster.",
    Verdict.TARGET_BUSY: "An unfinished job there works on a cluster or VM of this name.",
    Verdict.GONE_MEANWHILE: "The host was removed meanwhile.",
    Verdict.CORDONED: "The host was cordoned meanwhile.",
}


def _praise(one: Candidate, placement: Placement, obstacle: str, tried: Mapping[str, Verdict]) -> str:
    if one.forbidden:
        return f"No other host will do, and this one will not either: {one.forbidden}"
    if obstacle or one.host_id in tried:
        why = "it frees first" if one.frees_at is not None else "its line is the shortest"
        return f"No host has room now; {why}. {obstacle}".strip()
    if len(placement.fits) == 1:
        return "The only host with room."
    return "Of the hosts with room the one with the most free memory."
