"""The service's own addresses: read again now and then, kept while they cannot be, and never taken for none."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis

from tests.fakes import FakeClock
from workers.outbound import AddressRefused
from workers.own_addresses import OwnAddresses, hosts_of_urls


@dataclass
class Site:
    """Names with their addresses, hosts in the ledger, and whether it answers."""

    names: dict[str, list[str]] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)
    away: bool = False
    reads: int = 0

    def read(self) -> list[str]:
        """Return the hosts' addresses as the ledger has them."""
        if self.away:
            raise redis.ConnectionError("away")
        self.reads += 1
        return list(self.hosts)

    def resolve(self, name: str, port: None, **_: Any) -> list[Any]:
        """As socket.getaddrinfo."""
        if name not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in self.names[name]]


def _own(site: Site, clock: FakeClock) -> OwnAddresses:
    return OwnAddresses(["store.example"], site.read, site.resolve, clock.monotonic)


def _texts(own: OwnAddresses) -> list[str]:
    return sorted(str(address) for address in own())


def test_ledger_and_hosts_are_known_by_all_their_addresses() -> None:
    """Names are resolved, addresses are taken as they are, and one without an answer hides no other."""
    site = Site({"store.example": ["10.0.0.1", "fd12::1"], "hv1": ["10.0.0.2"]}, ["hv1", "10.0.0.3", "unknown"])

    assert ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd12::1"] == _texts(_own(site, FakeClock()))


def test_changes_are_seen_after_some_seconds() -> None:
    """The ledger is not asked at each call, and a new host or address is refused soon."""
    site, clock = Site({"store.example": ["10.0.0.1"]}), FakeClock()
    own = _own(site, clock)
    own()
    site.hosts, site.names["store.example"] = ["10.0.0.2"], ["10.0.0.9"]
    assert ["10.0.0.1"] == _texts(own)
    clock.sleep(11)

    assert ["10.0.0.2", "10.0.0.9"] == _texts(own)
    assert 2 == site.reads


def test_what_was_known_is_kept_while_nothing_can_be_read() -> None:
    """Neither a ledger nor a resolver that is away makes a machine of ours look like another's."""
    site, clock = Site({"store.example": ["10.0.0.1"], "hv1": ["10.0.0.2"]}, ["hv1"]), FakeClock()
    own = _own(site, clock)
    own()
    site.away = True
    clock.sleep(11)
    assert ["10.0.0.1", "10.0.0.2"] == _texts(own)
    site.away, site.names = False, {}
    clock.sleep(11)

    assert ["10.0.0.1", "10.0.0.2"] == _texts(own)


def test_nothing_is_called_before_they_are_known() -> None:
    """As long as the ledger was never read, every address is refused."""
    with pytest.raises(AddressRefused):
        _own(Site({"store.example": ["10.0.0.1"]}, away=True), FakeClock())()


def test_hosts_of_urls() -> None:
    """A socket in the file system, and no Vault at all, have no host."""
    urls = ("redis://:pw@store.example:6379/0", "unix:///run/valkey.sock", "", "https://[fd12::1]:8200")

    assert ("store.example", "fd12::1") == hosts_of_urls(*urls)
