"""Hosts and images by name, remembered for a second: a burst of submissions asks the ledger for them once.

Only what was found is remembered, so what was just registered is found at once. The move that writes a job looks at the
host again: nothing is accepted for a host that is gone.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from service.ledger.store import Host, Image, Store

FRESH_SECONDS = 1.0
_ENTRIES = 256
_PAGE = 100

Found = TypeVar("Found")


class Catalogue:
    """The hosts and images of one ledger. Safe for many threads."""

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], tuple[float, Any]] = OrderedDict()

    def host(self, host_id: str) -> Host | None:
        """Return the host or None."""
        return self._remembered(("host", host_id), lambda: self._store.hosts.get(host_id))

    def host_by_name(self, name: str) -> Host | None:
        """Return the host of this name or None."""
        return self._remembered(("host-name", name), lambda: self._store.hosts.by_name(name))

    def hosts_with(self, labels: Mapping[str, str]) -> Sequence[Host] | None:
        """Return the hosts that have all these labels (all hosts for none), newest first; None when there are none."""
        return self._remembered(
            ("labels", ",".join(f"{name}={value}" for name, value in sorted(labels.items()))),
            lambda: [host for host in self._all_hosts() if labels.items() <= host.labels.items()] or None,
        )

    def image(self, image_id: str) -> Image | None:
        """Return the image or None."""
        return self._remembered(("image", image_id), lambda: self._store.images.get(image_id))

    def image_by_name(self, name: str) -> Image | None:
        """Return the image of this name or None."""
        return self._remembered(("image-name", name), lambda: self._store.images.by_name(name))

    def forget(self) -> None:
        """Look everything up anew: something was changed here."""
        with self._lock:
            self._known.clear()

    def _remembered(self, key: tuple[str, str], find: Callable[[], Found | None]) -> Found | None:
        now = self._monotonic()
        with self._lock:
            entry = self._known.get(key)
        if entry is not None and now < entry[0]:
            known: Found = entry[1]
            return known
        found = find()
        with self._lock:
            self._known.pop(key, None)
            if found is not None:
                self._known[key] = (now + FRESH_SECONDS, found)
                if len(self._known) > _ENTRIES:
                    self._known.popitem(last=False)
        return found

    def _all_hosts(self) -> list[Host]:
        found: list[Host] = []
        page = self._store.hosts.list(None, _PAGE)
        while page:
            found += page
            page = self._store.hosts.list((page[-1].created_at, page[-1].id), _PAGE) if len(page) == _PAGE else []
        return found
