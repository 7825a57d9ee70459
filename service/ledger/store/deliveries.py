"""Deliveries: one event to one endpoint (or to a job's callback), claimed and finished under a lease like a step."""

from __future__ import annotations

import json
import random
import secrets as random_source
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.ledger.event import Event
from service.ledger.store.chat import chat_secrets
from service.ledger.store.errors import NotFound
from service.ledger.store.events import event_type
from service.ledger.store.job_view import optional_time, pairs
from service.ledger.store.owners import EVERYONE, NOBODY, Eyes, owned_indexes
from service.ledger.store.scripts import Scripts, dumps
from service.ledger.tenant import DEFAULT_TENANT, owner_of

_EXCERPT_MAX = 2048


class DeliveryState(StrEnum):
    """Where a delivery is. `failed` used up its schedule; `cancelled` was given up with its endpoint."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class DeliveryAttempt:
    """One try. `status` is the HTTP status, 0 when there was no answer; `excerpt` the first 2 kB of the answer.

    `request` is what was sent, without signatures and with the body's hash only; {} when nothing could be.
    """

    at: float
    status: int
    error: str
    excerpt: str
    milliseconds: int
    request: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """One event to one endpoint; `endpoint_id` is '' for a job's callback.

    `url` is where it goes. `message_id` is the `webhook-id`: the same for every try, unique for event and endpoint.
    """

    id: str
    endpoint_id: str
    url: str
    event: Event
    state: DeliveryState
    attempts: int
    created_at: float
    next_at: float | None = None
    ended_at: float | None = None
    log: Sequence[DeliveryAttempt] = ()
    tenant: str = DEFAULT_TENANT

    @property
    def message_id(self) -> str:
        """The `webhook-id` header."""
        return self.id


@dataclass(frozen=True)
class DeliveryClaim:
    """A delivery under a lease. `secrets` has `current` and maybe `previous` (sealed or references).

    `chat` is the conversation of a chat message, `way` how it goes (`url` or `bot`); `about` is what is known of the
    job of a message for people. `request_id`, `traceparent` and `tracestate` are those of the request that made the
    event's job; '' when there is none any more.
    """

    delivery: Delivery
    token: str
    fence: int
    attempt: int
    lease_deadline: float
    secrets: Mapping[str, Mapping[str, Any]] = field(repr=False)
    previous_until: float | None = None
    format: str = "standard"
    request_id: str = ""
    traceparent: str = ""
    tracestate: str = ""
    way: str = ""
    chat: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DeliveryResult:
    """How a try ended. `gone` (410) disables the endpoint at once; `retry_after_seconds` is the receiver's wish.

    `released` gives the delivery back unused (drain): no try is counted. `posted` is the chat message that a bot made,
    to be changed next time ('' for none).
    """

    succeeded: bool
    status: int = 0
    error: str = ""
    excerpt: str = ""
    milliseconds: int = 0
    gone: bool = False
    retry_after_seconds: float | None = None
    released: bool = False
    posted: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)


def next_delay(schedule: Sequence[float], attempt: int, wish: float | None, jitter: float) -> float | None:
    """Return the seconds until the next try after try number `attempt` (from 1), None when the schedule is used up.

    `jitter` is a factor around 1. The receiver's wish is honoured between one and two times the planned wait (Svix).
    """
    if attempt >= len(schedule):
        return None
    planned = schedule[attempt] * jitter
    if wish is None:
        return planned
    return max(planned, min(wish, 2 * planned))


class DeliveryStore:
    """The deliveries of one ledger, or what one tenant sees of them."""

    def __init__(self, scripts: Scripts, eyes: Eyes = EVERYONE) -> None:
        self._scripts = scripts
        self._eyes = eyes

    def claim(self, worker: str, lease_seconds: float) -> DeliveryClaim | None:
        """Take the delivery that is due longest, or None. Those of disabled endpoints are cancelled on the way."""
        arguments = {"worker": worker, "lease": lease_seconds, "nonce": random_source.token_hex(8)}
        row = self._scripts.run("claim_delivery", arguments)
        if not row:
            return None
        fields = pairs(row)
        endpoint = json.loads(fields.get("x_endpoint") or "{}")
        chat = json.loads(fields.get("chat") or "{}")
        return DeliveryClaim(
            delivery=_delivery({**fields, "x_url": endpoint.get("url", "")}, ()),
            token=fields["token"],
            fence=int(fields["fence"]),
            attempt=int(fields["attempts"]) + 1,
            lease_deadline=float(fields["lease_deadline"]),
            secrets=_secrets(endpoint, chat, fields),
            previous_until=endpoint.get("previous_until"),
            format=endpoint.get("format") or chat.get("format", "standard"),
            request_id=fields["x_request_id"],
            traceparent=fields["x_traceparent"],
            tracestate=fields["x_tracestate"],
            way=fields.get("way", ""),
            chat=chat,
            about=json.loads(fields["x_about"]),
        )

    def finish(self, claim: DeliveryClaim, result: DeliveryResult) -> bool:
        """Record a try: True when accepted (also repeated with the same token), False when the claim is stale."""
        settings = self._scripts.settings
        spread = settings.webhook_jitter
        factor = 1 + random.uniform(-spread, spread)  # noqa: S311 - spreads load, guards nothing
        delay = next_delay(settings.webhook_schedule, claim.attempt, result.retry_after_seconds, factor)
        entry = {
            "status": result.status,
            "error": result.error[:500],
            "excerpt": result.excerpt[:_EXCERPT_MAX],
            "milliseconds": result.milliseconds,
            "request": dict(result.request),
        }
        arguments = {
            "delivery": claim.delivery.id,
            "token": claim.token,
            "succeeded": result.succeeded,
            "gone": result.gone,
            "released": result.released,
            "posted": result.posted,
            "delay": -1 if delay is None else delay,
            "log": dumps(entry),
        }
        return bool(self._scripts.run("finish_delivery", arguments))

    def get(self, delivery_id: str) -> Delivery | None:
        """Return the delivery with the log of its last tries, or None."""
        row = self._scripts.client.hgetall(self._scripts.key("delivery", delivery_id))
        if not row or not self._eyes.sees(owner_of(row.get("owner", ""))):
            return None
        body = self._scripts.client.hget(self._scripts.key("endpoint", row["endpoint_id"]), "body") or "{}"
        row["x_url"] = json.loads(body).get("url", "")
        return _delivery(row, self._scripts.client.lrange(self._scripts.key("delivery", delivery_id, "log"), 0, -1))

    def list(
        self,
        endpoint_id: str | None = None,
        job_id: str | None = None,
        state: DeliveryState | str | None = None,
        before: tuple[float, str] | None = None,
        limit: int = 100,
        *,
        tenant: str | None = None,
    ) -> list[Delivery]:
        """Return up to `limit` deliveries older than `before` (created_at, id), newest first, without logs."""
        indexes = [
            f"endpoint:{endpoint_id}" if endpoint_id else "",
            f"job:{job_id}" if job_id else "",
            f"state:{state}" if state else "",
        ]
        found: list[Delivery] = []
        owner, position = self._eyes.narrowed(tenant), before
        while len(found) < limit and owner is not NOBODY:
            arguments = {
                **owned_indexes(owner, indexes),
                "before": repr(position[0]) if position else "",
                "before_id": position[1] if position else "",
                "limit": limit - len(found),
            }
            rows, last_score, last_id = self._scripts.run("list_deliveries", arguments)
            found.extend(_delivery(pairs(row), ()) for row in rows)
            if not last_id:
                break
            position = (float(last_score), last_id)
        return found

    def redeliver(self, delivery_id: str) -> Delivery:
        """Start the schedule of a delivery again, with the same id. Safe to repeat. Raise NotFound."""
        if not self._scripts.run("redeliver", {"delivery": delivery_id}):
            raise NotFound(f"no delivery {delivery_id}")
        delivery = self.get(delivery_id)
        if delivery is None:
            raise NotFound(f"no delivery {delivery_id}")
        return delivery

    def redeliver_since(
        self, endpoint_id: str, since: float, states: Sequence[DeliveryState | str], limit: int = 1000
    ) -> tuple[int, bool]:
        """Start the schedules of an endpoint's deliveries made since then and in these states again, the oldest first.

        Return how many, and whether there may be more. Raise NotFound for an unknown endpoint.
        """
        arguments = {"endpoint": endpoint_id, "since": since, "states": [str(one) for one in states], "limit": limit}
        count, more = self._scripts.run("redeliver_since", arguments)
        if int(count) < 0:
            raise NotFound(f"no endpoint {endpoint_id}")
        return int(count), bool(int(more))


def _secrets(endpoint: Mapping[str, Any], chat: Mapping[str, Any], fields: Mapping[str, str]) -> Mapping[str, Any]:
    if endpoint:
        found: Mapping[str, Any] = endpoint.get("secrets", {})
        return found
    return chat_secrets(fields) if chat else _callback_secrets(fields)


def _callback_secrets(fields: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    """Take the callback secret of the job under the name `current`."""
    found: dict[str, Mapping[str, Any]] = json.loads(fields.get("x_secrets") or "{}")
    return {"current": found["callback_secret"]} if "callback_secret" in found else {}


def _delivery(row: Mapping[str, str], log: Sequence[str]) -> Delivery:
    event = Event(
        id=row["event_id"],
        type=event_type(row["type"]),
        at=float(row["at"]),
        job_id=row["job"],
        lab_id=row["lab"],
        step_id=row["step"],
        node=row["node"],
        data=json.loads(row["data"]),
        tenant=owner_of(row.get("tenant", "")),
    )
    return Delivery(
        id=row["id"],
        endpoint_id=row["endpoint_id"],
        url=row.get("x_url") or row.get("url", ""),
        event=event,
        state=DeliveryState(row["state"]),
        attempts=int(row["attempts"]),
        created_at=float(row["created_at"]),
        next_at=optional_time(row.get("next_at", "")),
        ended_at=optional_time(row.get("ended_at", "")),
        log=tuple(_attempt(entry) for entry in log),
        tenant=owner_of(row.get("owner", "")),
    )


def _attempt(entry: str) -> DeliveryAttempt:
    at, _, text = entry.partition(" ")
    return DeliveryAttempt(at=float(at), **json.loads(text))
