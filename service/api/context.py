"""What the views work with: built in `service/app.py`, found through the Flask app. No module holds a client."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, g

from service.api.auth import KeyRing
from service.api.catalogue import Catalogue
from service.api.key_use import KeyUse
from service.api.pages import Cursors
from service.api.ratelimit import RateLimiter
from service.api.streams import StreamGate
from service.api.wake import Wakes
from service.ledger.store import EventFeed, Store
from service.settings import Settings

EXTENSION = "matryoshka"


@dataclass(frozen=True)
class Context:
    """The parts of one web process; `store` is the whole ledger, or what one tenant sees of it."""

    settings: Settings
    store: Store
    wakes: Wakes
    feed: EventFeed
    ring: KeyRing
    catalogue: Catalogue
    cursors: Cursors
    gate: StreamGate
    limiter: RateLimiter
    key_use: KeyUse
    clock: Callable[[], float] = time.time

    def durability_faults(self) -> list[str]:
        """Return what is wrong with the server's settings; always [] with `warn`, where the log has it."""
        return self.store.check_durability() if self.settings.durability == "strict" else []

    def seen_by(self, tenant: str) -> Context:
        """Return the same parts with the ledger as a tenant sees it."""
        return replace(self, store=self.store.seen_by(tenant))


def context() -> Context:
    """Return the parts of the app that handles this request, with the ledger as its caller may see it."""
    found: Any = current_app.extensions[EXTENSION]
    assert isinstance(found, Context)  # noqa: S101 - tells mypy what create_app put there
    caller = g.get("caller")
    return found if caller is None or caller.is_operator else found.seen_by(caller.tenant)
