"""The service's own machines, which no webhook may reach: the ledger and broker, Vault, and every registered host.

Names are resolved again every few seconds, by one thread at a time; the others go on with what is known.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

import redis

from service.ledger.reach import Address, AddressRules, literal
from service.ledger.servers import hosts_of
from service.ledger.store import HostStore, Store
from workers.outbound import AddressRefused, Resolve
from workers.settings import Settings

_KEEP_SECONDS = 10.0
_PAGE = 100


class OwnAddresses:
    """Callable: the addresses as they are now. Safe for many threads."""

    def __init__(
        self,
        names: Sequence[str],
        hosts: Callable[[], Iterable[str]],
        resolve: Resolve = socket.getaddrinfo,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`names` are always ours; `hosts` reads the management addresses from the ledger and raises redis errors."""
        self._names = names
        self._hosts = hosts
        self._resolve = resolve
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._until: float | None = None
        self._by_name: dict[str, frozenset[Address]] = {}
        self._known: frozenset[Address] = frozenset()

    def __call__(self) -> frozenset[Address]:
        """Return every address of ours; raises AddressRefused while they were never read.

        A name that cannot be resolved now keeps the addresses that it had.
        """
        if not self._is_due():
            return self._known
        try:
            names = {*self._names, *self._hosts()}
        except redis.RedisError as error:
            if self._until is None:
                raise AddressRefused("which addresses are the service's own cannot be read now") from error
            return self._known
        self._by_name = {name: self._addresses(name) for name in sorted(names)}
        self._known = frozenset().union(*self._by_name.values())
        self._until = self._monotonic() + _KEEP_SECONDS
        return self._known

    def _is_due(self) -> bool:
        """Tell whether this thread must read again. Before the first answer every thread must."""
        with self._lock:
            if self._until is None:
                return True
            if self._monotonic() < self._until:
                return False
            self._until = self._monotonic() + _KEEP_SECONDS
            return True

    def _addresses(self, name: str) -> frozenset[Address]:
        address = literal(name)
        try:
            found = self._resolve(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return self._by_name.get(name, frozenset()) if address is None else frozenset({address})
        return frozenset(ipaddress.ip_address(str(item[4][0]).split("%", 1)[0]) for item in found)


def address_rules(settings: Settings, store: Store) -> AddressRules:
    """Return what the webhooks of a worker process with these settings may call."""
    ours = (
        *hosts_of(settings.redis_url),
        *hosts_of_urls(settings.servers.broker_url, settings.vault.address if settings.vault else ""),
    )
    own = OwnAddresses(ours, lambda: [*management_addresses(store.hosts), *store.servers_behind_sentinels()])
    return AddressRules(settings.webhook_networks, settings.webhook_hosts, own)


def hosts_of_urls(*urls: str) -> tuple[str, ...]:
    """Return the host names of the URLs that have one (a Unix socket has none)."""
    return tuple(host for url in urls if (host := urlsplit(url).hostname))


def management_addresses(hosts: HostStore) -> list[str]:
    """Return where each registered host is reached: names or addresses. Raises redis errors."""
    found: list[str] = []
    before: tuple[float, str] | None = None
    while page := hosts.list(before, _PAGE):
        found += [host.address for host in page]
        before = (page[-1].created_at, page[-1].id)
    return found
