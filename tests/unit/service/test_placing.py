"""Asking hosts one after the other: a full one is passed over, and nothing is asked for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.api.placing import Choice, Search, settle
from service.ledger.placement import Candidate, place
from service.ledger.plan import Demand
from service.ledger.store import Host, Outcome, SubmitResult

_TAKEN = SubmitResult(Outcome.CREATED, None)
_FULL = SubmitResult(Outcome.REFUSED, None, {"reason": "capacity"})
_CORDONED = SubmitResult(Outcome.REFUSED, None, {"reason": "cordoned"})
_BUSY = SubmitResult(Outcome.TARGET_BUSY, None, {"holder": "job_1"})
_REUSED = SubmitResult(Outcome.CONFLICT, None)


def _choice(**free_memory_mib: int) -> Choice:
    candidates = [Candidate(name, name, free) for name, free in free_memory_mib.items()]
    hosts = {name: Host(name, name, "192.0.2.1") for name in free_memory_mib}
    return Choice(place(candidates, Demand(memory_mib=10)), hosts)


@dataclass
class Hosts:
    """Answers each question with the next answer that is written for the host; full afterwards."""

    answers: dict[str, list[SubmitResult]]
    asked: list[tuple[str, bool]] = field(default_factory=list)
    shown: list[Mapping[str, Any]] = field(default_factory=list)

    def ask(self, host: Host, shown: Mapping[str, Any], elsewhere: bool) -> SubmitResult:
        """Answer."""
        self.asked.append((host.id, elsewhere))
        self.shown.append(shown)
        answers = self.answers.get(host.id, [])
        return answers.pop(0) if answers else _FULL

    def settle(self, *choices: Choice, wait: bool = True) -> Search:
        """Search with these looks at the hosts; the last one is seen for ever."""
        looks = list(choices)
        return settle(looks[0], lambda: looks.pop(1) if len(looks) > 1 else looks[0], self.ask, wait=wait)


def test_next_host_is_asked_when_one_is_full() -> None:
    """The host with the second most memory takes the job when the first was taken meanwhile, and that is told."""
    hosts = Hosts({"b": [_TAKEN]})
    search = hosts.settle(_choice(a=30, b=20, c=15))

    assert search.result is _TAKEN
    assert [("a", True), ("b", True)] == hosts.asked
    verdicts = {row["name"]: row["verdict"] for row in hosts.shown[-1]["candidates"]}
    assert {"a": "full_meanwhile", "b": "chosen", "c": "less_free"} == verdicts


def test_hosts_are_looked_at_again_when_all_were_taken() -> None:
    """After all hosts with room were full, a new look finds the one that has room now."""
    hosts = Hosts({"b": [_TAKEN]})
    search = hosts.settle(_choice(a=30, b=5), _choice(a=5, b=30))

    assert search.result is _TAKEN
    assert [("a", True), ("b", True)] == hosts.asked


def test_job_waits_in_one_line_in_the_end() -> None:
    """Without room anywhere the job is put into the best line, where it may wait."""
    hosts = Hosts({"a": [_TAKEN]})
    search = hosts.settle(_choice(a=5, b=4))

    assert search.result is _TAKEN
    assert [("a", False)] == hosts.asked
    assert hosts.shown[0]["has_room"] is False


def test_who_does_not_wait_is_in_no_line() -> None:
    """With `refuse` no line is entered, and the search says who was asked."""
    hosts = Hosts({})
    search = hosts.settle(_choice(a=30), _choice(a=5), wait=False)

    assert search.result is None
    assert {"a": _FULL} == search.tried
    assert [("a", True)] == hosts.asked


def test_search_ends() -> None:
    """Hosts that look free and are always full are asked a bounded number of times."""
    hosts = Hosts({})
    many = _choice(**{f"h{number}": 30 for number in range(100)})
    assert hosts.settle(many).result is None
    assert 3 * 8 + 8 == len(hosts.asked)


def test_host_with_the_same_target_is_passed_over_once() -> None:
    """A host on which the target is busy is asked once, whatever else is looked for."""
    hosts = Hosts({"a": [_BUSY, _TAKEN], "b": [_FULL, _FULL, _FULL, _TAKEN]})
    search = hosts.settle(_choice(a=30, b=20))

    assert search.result is _TAKEN
    assert [("a", True), ("b", True), ("b", True), ("b", True), ("b", False)] == hosts.asked


def test_cordon_is_no_end_and_a_reused_key_is() -> None:
    """A host that was cordoned meanwhile is passed over; an answer that no other host would change ends the search."""
    hosts = Hosts({"a": [_CORDONED], "b": [_REUSED]})
    search = hosts.settle(_choice(a=30, b=20, c=15))

    assert search.result is _REUSED
    assert ["a", "b"] == [host for host, _ in hosts.asked]
