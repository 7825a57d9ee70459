"""From a host's id to a line: the record is read, its credential opened, and the sessions shared fairly."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Protocol

import redis

from service.ledger.store.hosts import Host
from workers.errors import HostMisconfigured, LedgerAway, SecretUnavailable
from workers.psrp.invoke import Watch
from workers.psrp.line import HostLine
from workers.psrp.pool import SessionPool, session_opener
from workers.psrp.transport import Endpoint, Timeouts, endpoint_of
from workers.secrets import Keyring, Scrubber, SecretStr


class HostRecords(Protocol):
    """The one read of the ledger that this needs."""

    def get(self, host_id: str) -> Host | None:
        """Return the host or None."""


class Hosts:
    """Opens lines. One per process: the sessions are shared between its threads, each used by one at a time."""

    def __init__(
        self, records: HostRecords, keyring: Keyring, poll_seconds: float = 1.0, worker_name: str = ""
    ) -> None:
        self._records = records
        self._keyring = keyring
        self._processes = 1
        self._pool = SessionPool(session_opener(Timeouts(poll=poll_seconds), worker_name), share=self._share)

    def line(self, host_id: str, watch: Watch, scrubber: Scrubber) -> HostLine:
        """Return a line to the host for one claim. Its record is read at the first call, once."""
        endpoint, place = cache(lambda: self.endpoint(host_id, scrubber)), cache(lambda: self.place(host_id))
        return HostLine(self._pool, endpoint, watch, place=place, host_id=host_id)

    def place(self, host_id: str) -> Endpoint:
        """Return the host's endpoint without its secret; raises HostMisconfigured."""
        return endpoint_of(asdict(self._host(host_id)), SecretStr(""))

    def endpoint(self, host_id: str, scrubber: Scrubber) -> Endpoint:
        """Return the host's endpoint as its record says now; raises HostMisconfigured or SecretUnavailable."""
        host = self._host(host_id)
        if "password" not in host.secrets:
            raise SecretUnavailable("the host's record has no password")
        secret = self._keyring.open(host.secrets["password"])
        scrubber.add(secret)
        return endpoint_of(asdict(host), secret)

    def _host(self, host_id: str) -> Host:
        try:
            host = self._records.get(host_id)
        except redis.RedisError as error:
            raise LedgerAway("the host's record cannot be read now") from error
        if host is None:
            raise HostMisconfigured(f"no host {host_id or '(none)'} is registered")
        return host

    def share_with(self, processes: int) -> None:
        """Say how many worker processes live now: together they keep below a host's bound of sessions."""
        self._processes = max(1, processes)

    def close_idle(self, *, everything: bool = False) -> int:
        """Close sessions that idled too long, or all idle ones."""
        return self._pool.close_idle(everything=everything)

    def _share(self, endpoint: Endpoint) -> int:
        return max(1, endpoint.max_sessions // self._processes)
