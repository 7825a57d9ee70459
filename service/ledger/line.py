"""One connection to a broker beside the ledger, opened when it is needed and thrown away when it breaks.

kombu's pools hand a connection that a dead broker has closed out again and again; this one begins anew.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from amqp.exceptions import NotFound as QueueUnknown

T = TypeVar("T")


class BrokerLine:
    """Calls of one thread at a time over one connection. Safe to share between threads."""

    def __init__(self, make: Callable[[], Any]) -> None:
        """`make` returns a kombu connection that is not connected yet."""
        self._make = make
        self._lock = threading.Lock()
        self._connection: Any = None

    def produce(self, use: Callable[[Any], T]) -> T:
        """Return what `use` makes of a producer. Raise kombu's errors, after which the next call connects anew."""
        return self._with(lambda connection: use(connection.Producer(connection.default_channel)))

    def ready(self, queue: str) -> int:
        """Return how many messages wait in a queue; 0 when nobody has declared it yet. Raise kombu's errors."""
        return self._with(lambda connection: _count(connection, queue))

    def close(self) -> None:
        """Close the connection. Safe to repeat."""
        with self._lock:
            self._drop()

    def _with(self, use: Callable[[Any], T]) -> T:
        with self._lock:
            if self._connection is None:
                self._connection = self._make()
            try:
                return use(self._connection)
            except BaseException:
                self._drop()
                raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):  # it is broken: whatever closing it says, it is gone
                connection.release()


def _count(connection: Any, queue: str) -> int:
    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except QueueUnknown:
        return 0  # the broker has closed the channel
    finally:
        channel.close()
