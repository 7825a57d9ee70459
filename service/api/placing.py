"""From a selector to a host: candidates are read and ordered, then asked one after the other until one takes the job.

Each question is the submission's own move, which looks at capacity, cordon and idempotency key again: whoever reads the
same free memory at the same time, nothing is given away twice, and what was refused has written nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.api.context import Context
from service.api.holders import seen_reservations
from service.api.problems import Problem
from service.ledger.known import capacity_of, plan_context
from service.ledger.placement import Candidate, Placement, Verdict, describe, place
from service.ledger.plans.suitability import demand_on_host, forbidden_by
from service.ledger.room import candidate_of
from service.ledger.store import Host, Image, Outcome, SubmitResult

PRIORITIES: Mapping[str, int] = {"high": 0, "normal": 1, "low": 2}
MOST_SHOWN = 50
_MOST_TRIES = 8
_ROUNDS = 3


@dataclass(frozen=True)
class Choice:
    """Where a job may go, as it was at one moment: the order, and the hosts by their ids."""

    placement: Placement
    hosts: Mapping[str, Host]

    @property
    def best(self) -> Host:
        """The host with room, else where the job waits least, else one that a rule forbids, so that it can be said."""
        usable = [one for one in self.placement.candidates if one.schedulable]
        return self.hosts[(*self.placement.fits, *self.placement.lines, *usable)[0].host_id]

    def shown(self, host: Host, tried: Mapping[str, Verdict] | None = None) -> dict[str, Any]:
        """Return what a caller is told when `host` takes the job."""
        return _bounded(describe(self.placement, host.id, tried))


# Asks a host to take the job; `elsewhere` (the last argument): it is to refuse rather than let it wait.
Attempt = Callable[[Host, Mapping[str, Any], bool], SubmitResult]


def choose(context: Context, request: Mapping[str, Any], hosts: Sequence[Host], image: Image | None) -> Choice:
    """Return where the job may go. Nothing is written.

    Raises:
        Problem: 409 when every host that the request allows is cordoned.
    """
    demand, now = demand_on_host(request), context.clock()
    loads = context.store.loads.read([host.id for host in hosts], PRIORITIES[request["priority"]])
    found = [
        candidate_of(host, loads[host.id], demand, forbidden_by(request, plan_context("", host, image)), now)
        for host in hosts
    ]
    choice = Choice(place(found, demand), {host.id: host for host in hosts})
    if not any(one.schedulable for one in found):
        raise _refusal("no-host", "Every host that the request allows is cordoned.", Search(choice, {}), {})
    return choice


@dataclass(frozen=True)
class Search:
    """How a search for a host ended: the result of the host that took the job, or None; and those that did not."""

    choice: Choice
    tried: Mapping[str, SubmitResult]
    result: SubmitResult | None = None


def settle(first: Choice, again: Callable[[], Choice], attempt: Attempt, *, wait: bool) -> Search:
    """Ask the hosts with room, best first; `again` looks anew when all of them were taken meanwhile.

    With `wait` the job stands in the line of a host in the end. What is neither full nor busy nor cordoned ends the
    search: a job, a replay, a key that was used for something else.
    """
    choice, tried = first, dict[str, SubmitResult]()
    for _ in range(_ROUNDS):
        result = _asked(choice, choice.placement.fits, attempt, tried, elsewhere=True)
        if result is not None:
            return Search(choice, tried, result)
        if not choice.placement.fits:
            break
        choice = again()
    result = _asked(choice, choice.placement.lines, attempt, tried, elsewhere=False) if wait else None
    return Search(choice, tried, result)


def nobody(context: Context, search: Search) -> Problem:
    """Return the 409 with a reason for each host, and who holds the room of the one that would have been next."""
    placement, results = search.choice.placement, search.tried.values()
    busy = [result for result in results if result.outcome is Outcome.TARGET_BUSY]
    if busy and len(busy) == len(placement.lines):
        return _refusal("target-busy", "An unfinished job works on the same target.", search, busy[0].detail)
    lines = [one for one in placement.lines if not _is_busy(search.tried.get(one.host_id))]
    detail = _held(context, search, lines[0]) if lines else {}
    return _refusal("no-room", "No host has room for this now.", search, detail)


def _held(context: Context, search: Search, one: Candidate) -> dict[str, Any]:
    held = seen_reservations(context, context.store.hosts.reservations(one.host_id))
    demand = search.choice.placement.demand
    return {
        "wanted": {"memory_mib": demand.memory_mib, "disk_gib": demand.disk_gib},
        "free": {"memory_mib": one.free_memory_mib, "disk_gib": one.free_disk_gib},
        "capacity": capacity_of(search.choice.hosts[one.host_id]),
        "holders": [{"holder": each.holder, "memory_mib": each.memory_mib, "disk_gib": each.disk_gib} for each in held],
    }


def _asked(
    choice: Choice, order: Sequence[Candidate], attempt: Attempt, tried: dict[str, SubmitResult], *, elsewhere: bool
) -> SubmitResult | None:
    for one in [one for one in order if not _is_busy(tried.get(one.host_id))][:_MOST_TRIES]:
        tried.pop(one.host_id, None)
        host = choice.hosts[one.host_id]
        result = attempt(host, choice.shown(host, _verdicts(tried)), elsewhere)
        if _verdict_of(result) is None:
            return result
        tried[one.host_id] = result
    return None


def _is_busy(result: SubmitResult | None) -> bool:
    return result is not None and result.outcome is Outcome.TARGET_BUSY


def _verdicts(tried: Mapping[str, SubmitResult]) -> dict[str, Verdict]:
    found = {host_id: _verdict_of(result) for host_id, result in tried.items()}
    return {host_id: verdict for host_id, verdict in found.items() if verdict}


def _verdict_of(result: SubmitResult) -> Verdict | None:
    if result.outcome is Outcome.TARGET_BUSY:
        return Verdict.TARGET_BUSY
    if result.outcome is not Outcome.REFUSED:
        return None
    return _REFUSED.get(str(result.detail.get("reason")), Verdict.FULL_MEANWHILE)


_REFUSED: Mapping[str, Verdict] = {"cordoned": Verdict.CORDONED, "gone": Verdict.GONE_MEANWHILE}


def _refusal(code: str, detail: str, search: Search, facts: Mapping[str, Any]) -> Problem:
    shown = describe(search.choice.placement, "", _verdicts(search.tried))
    return Problem(409, code, detail, placement=_bounded(shown), **facts)


def _bounded(shown: dict[str, Any]) -> dict[str, Any]:
    return shown | {"candidates": shown["candidates"][:MOST_SHOWN]}
