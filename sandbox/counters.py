"""What the wire has seen: requests by action and functions started."""

from __future__ import annotations

import threading
from collections import defaultdict


class Counters:
    """Named groups of counts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, group: str, name: str) -> None:
        """Count one more."""
        with self._lock:
            self._groups[group][name] += 1

    def snapshot(self) -> dict[str, dict[str, int]]:
        """All counts as plain dicts."""
        with self._lock:
            return {group: dict(names) for group, names in self._groups.items()}
