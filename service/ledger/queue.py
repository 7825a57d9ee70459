"""Wakes workers: an anonymous, empty Celery message a piece of work, by task name. Never imports workers or Celery.

A lost, doubled or late message does not matter: the ledger is the truth and the sweep tops the queue up.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from uuid import uuid4

import redis
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from kombu.pools import producers

from service.ledger.broker import Broker, broker_of
from service.ledger.line import BrokerLine
from service.ledger.servers import ONLY_URL, Servers
from service.ledger.store.connecting import connect

WORK_TASK = "matryoshka.work"
DELIVER_TASK = "matryoshka.deliver"
STEPS_QUEUE = "steps"
DELIVERIES_QUEUE = "deliveries"

_BURST_MAX = 256
# Stands in a letter where each copy gets an id of its own. No character of it means anything to a Lua pattern.
_LETTER_ID = "MATRYOSHKALETTERID"
_LETTER_TRACE = "MATRYOSHKALETTERTRACE"


class WakeFailed(Exception):
    """The broker could not be reached. Harmless: the next sweep wakes again."""


class Waker:
    """Publishes wake-ups. Safe to share between threads."""

    def __init__(self, redis_url: str, servers: Servers = ONLY_URL) -> None:
        self._broker = broker_of(redis_url, servers)
        self._connection = _connect(self._broker)
        self._line = None if self._broker.is_ledger else BrokerLine(lambda: _connect(self._broker))
        # The length of a queue is asked of the server itself: kombu has no public call for it.
        self._client: Any = connect(redis_url, servers, socket_timeout=5)

    def wake_steps(self, count: int = 1) -> int:
        """Say that there are steps; return how many messages were sent. Raise WakeFailed."""
        return self._wake(WORK_TASK, STEPS_QUEUE, count)

    def wake_deliveries(self, count: int = 1) -> int:
        """Say that there are deliveries; return how many messages were sent. Raise WakeFailed."""
        return self._wake(DELIVER_TASK, DELIVERIES_QUEUE, count)

    def waiting(self, queue: str) -> int:
        """Return how many messages wait in a queue. Raise WakeFailed."""
        try:
            return self._line.ready(queue) if self._line else int(self._client.llen(queue))
        except self._failures as error:
            raise WakeFailed(str(error)) from error

    def close(self) -> None:
        """Give the connection back. Safe to repeat."""
        self._connection.release()
        self._client.close()
        if self._line:
            self._line.close()

    @property
    def _failures(self) -> tuple[type[BaseException], ...]:
        theirs = (*self._connection.connection_errors, *self._connection.channel_errors)
        return (redis.exceptions.RedisError, OperationalError, *theirs)

    def _wake(self, task: str, queue: str, count: int) -> int:
        wanted = min(max(0, count), _BURST_MAX)
        if not wanted:
            return 0

        def publish(producer: Any) -> None:
            for _ in range(wanted):
                _publish(producer, task, queue, str(uuid4()))

        try:
            if self._line:
                self._line.produce(publish)
            else:
                with producers[self._connection].acquire(block=True, timeout=5) as producer:
                    publish(producer)
        except self._failures as error:
            raise WakeFailed(str(error)) from error
        return wanted


def letter(traceparent: str = "") -> dict[str, str]:
    """Return the text that kombu's Redis transport keeps for one wake-up of a worker of steps, as `text`.

    A move of the ledger puts copies of it into the list `queue` itself: in the same moment as the work, so none is lost
    between the two or comes a round trip later. `id` stands where each copy needs an id of its own. The message carries
    the trace of the request that it is written for; whoever takes it may find other work first.
    """
    template = _letter()
    return {**template, "text": template["text"].replace(_LETTER_TRACE, traceparent)}


@cache
def _letter() -> dict[str, str]:
    make: Any = Connection
    with make("memory://") as connection:
        producer, queue = connection.Producer(), f"letter-{uuid4()}"
        _publish(producer, WORK_TASK, queue, _LETTER_ID, _LETTER_TRACE)
        message = producer.channel._get(queue)  # noqa: SLF001 - what was published, as every virtual transport keeps it
    properties = message["properties"]
    properties["delivery_tag"] = _LETTER_ID
    properties["delivery_info"]["routing_key"] = STEPS_QUEUE
    return {"queue": STEPS_QUEUE, "text": json.dumps(message), "id": _LETTER_ID}


def _connect(broker: Broker) -> Any:
    make: Any = Connection  # kombu has no types
    return make(
        broker.url,
        ssl=dict(broker.tls) if broker.tls else False,
        connect_timeout=3,
        transport_options={
            **broker.options,
            **({"socket_timeout": 5} if broker.is_ledger else {}),
            # A request must not wait for a broker that is away: the next sweep wakes.
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.1,
        },
    )


def _publish(producer: Any, task: str, queue: str, task_id: str, traceparent: str = "") -> None:
    """Send one message of Celery's protocol 2 (docs.celeryq.dev, internals/protocol) without arguments."""
    producer.publish(
        [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}],
        routing_key=queue,
        exchange="",
        serializer="json",
        correlation_id=task_id,
        delivery_mode=2,
        retry=False,
        headers={
            "lang": "py",
            "task": task,
            "id": task_id,
            "root_id": task_id,
            "parent_id": None,
            "group": None,
            "argsrepr": "()",
            "kwargsrepr": "{}",
            "retries": 0,
            "ignore_result": True,
            "eta": None,
            "expires": None,
            "timelimit": [None, None],
            "traceparent": traceparent,
        },
    )
