"""Hosts and images are asked for once in a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from service.api.catalogue import FRESH_SECONDS, Catalogue
from service.ledger.store import Host, Store


@dataclass
class Hosts:
    """A host store that counts how often it is asked."""

    hosts: list[Host]
    asked: int = 0

    def get(self, host_id: str) -> Host | None:
        """Return the host or None."""
        self.asked += 1
        return next((host for host in self.hosts if host.id == host_id), None)

    def list(self, before: Any, limit: int) -> list[Host]:
        """Return a page, newest first."""
        self.asked += 1
        later = [host for host in self.hosts if before is None or (host.created_at, host.id) < before]
        return sorted(later, key=lambda host: -host.created_at)[:limit]


@dataclass
class Ledger:
    """The part of a store that a catalogue reads, and a clock."""

    hosts: Hosts
    now: float = 100.0
    catalogue: Catalogue = field(init=False)

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(cast("Store", self), lambda: self.now)


def _host(number: int, **labels: str) -> Host:
    return Host(f"host_{number}", f"h{number}", "192.0.2.1", labels=labels, created_at=float(number))


def test_found_is_remembered_for_a_moment() -> None:
    """A burst asks once; after a second the ledger is asked again."""
    ledger = Ledger(Hosts([_host(1)]))
    assert all(ledger.catalogue.host("host_1") for _ in range(10))
    assert 1 == ledger.hosts.asked

    ledger.now += FRESH_SECONDS
    assert ledger.catalogue.host("host_1")
    assert 2 == ledger.hosts.asked


def test_not_found_is_not_remembered() -> None:
    """What was just registered is found at once."""
    ledger = Ledger(Hosts([]))
    assert ledger.catalogue.host("host_1") is None

    ledger.hosts.hosts.append(_host(1))
    assert ledger.catalogue.host("host_1")


def test_forgotten_is_asked_for_again() -> None:
    """After a change here nothing old is shown."""
    ledger = Ledger(Hosts([_host(1)]))
    assert ledger.catalogue.host("host_1")
    ledger.hosts.hosts.clear()
    ledger.catalogue.forget()

    assert ledger.catalogue.host("host_1") is None


def test_labels_are_looked_for_on_every_page() -> None:
    """A host is found by its label however many there are, newest first."""
    ledger = Ledger(Hosts([_host(number, rack=str(number % 100)) for number in range(250)]))
    found = ledger.catalogue.hosts_with({"rack": "7"})

    assert found is not None
    assert ["host_207", "host_107", "host_7"] == [host.id for host in found]
    assert ledger.catalogue.hosts_with({"rack": "none"}) is None
