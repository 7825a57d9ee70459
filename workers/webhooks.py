"""Signs and sends one delivery (Standard Webhooks 1.0.0) and says how it ended. Schedules are the ledger's business.

The address is checked at the moment of connecting and the connection goes to that very address, so a name that resolves
differently a second later gains nothing. No redirects are followed and no proxy of the environment is used.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import http.client
import json
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from nacl.signing import SigningKey

from service.ledger.event import Event
from service.ledger.reach import AddressRules
from service.ledger.store.deliveries import DeliveryClaim, DeliveryResult
from service.observing.traceparent import child_of, trace_id
from service.observing.tracing import current
from workers.chat import SLACK_API, is_told, letter_of, result_of
from workers.connections import Connections, Request
from workers.errors import SecretUnavailable, WorkerError
from workers.outbound import AddressRefused, Opening, Resolve
from workers.secrets import Keyring, Scrubber, SecretStr

_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of every secret, not one
_PRIVATE_PREFIX = "whsk_"
_SEED_BYTES = 32
_EXCERPT_BYTES = 2048
_ANSWER_BYTES = 65_536  # of a chat service, which says in its answer what it did
_GONE = 410
_AGENT = "Matryoshka-Webhooks/1"


@dataclass(frozen=True)
class SendSettings:
    """Seconds, where deliveries may go, and what resolves names."""

    rules: AddressRules = field(default_factory=AddressRules)
    connect_seconds: float = 5.0
    total_seconds: float = 20.0
    base_url: str = ""
    slack_api: str = SLACK_API
    resolve: Resolve = socket.getaddrinfo


class Sender:
    """Sends deliveries; any number of threads may use one. Keeps connections for a moment, and nothing else."""

    def __init__(
        self,
        keyring: Keyring,
        settings: SendSettings = SendSettings(),
        wall: Callable[[], float] = time.time,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._keyring = keyring
        self._settings = settings
        self._wall = wall
        # Reading the authorities takes longer than a delivery: once is enough.
        opening = Opening(
            settings.rules, settings.connect_seconds, settings.total_seconds, functools.cache(tls), settings.resolve
        )
        self._connections = Connections(opening)

    def send(self, claim: DeliveryClaim) -> DeliveryResult:
        """Try one delivery. Never raises for what receiver or network do; every try sends the same id."""
        if is_told(claim):
            return self._tell(claim)
        started = time.monotonic()
        sent: dict[str, Any] = {}
        try:
            secrets = self._secrets(claim)
            body, headers = self._message(claim, secrets)
            sent |= _shown(claim.delivery.url, headers, body)
            status, answered, excerpt = self._post(claim.delivery.url, body, headers)
        except (WorkerError, AddressRefused, OSError, http.client.HTTPException, ValueError) as error:
            return DeliveryResult(False, error=_reason(error), milliseconds=_elapsed(started), request=sent)
        succeeded = 200 <= status < 300  # noqa: PLR2004 - only 2xx is success
        return DeliveryResult(
            succeeded=succeeded,
            status=status,
            error="" if succeeded else f"HTTP {status}",
            excerpt=_scrubbed(excerpt, secrets),
            milliseconds=_elapsed(started),
            gone=status == _GONE,
            retry_after_seconds=retry_after(answered.get("Retry-After"), self._wall()),
            request=sent,
        )

    def _tell(self, claim: DeliveryClaim) -> DeliveryResult:
        """Send a message for people; as `send`."""
        started = time.monotonic()
        sent: dict[str, Any] = {}
        try:
            letter = letter_of(claim, self._keyring, self._settings.base_url, self._settings.slack_api)
            # Address and token are secrets: the log has the address as it may be shown.
            sent |= _shown(claim.delivery.url, {"User-Agent": _AGENT}, letter.body)
            headers = {"User-Agent": _AGENT, **letter.headers}
            status, answered, answer = self._post(letter.url.reveal(), letter.body, headers, _ANSWER_BYTES)
        except (WorkerError, AddressRefused, OSError, http.client.HTTPException, ValueError) as error:
            return DeliveryResult(False, error=_reason(error), milliseconds=_elapsed(started), request=sent)
        return replace(
            result_of(claim, status, answer),
            excerpt=_scrubbed(answer[:_EXCERPT_BYTES], letter.secrets),
            milliseconds=_elapsed(started),
            retry_after_seconds=retry_after(answered.get("Retry-After"), self._wall()),
            request=sent,
        )

    def _secrets(self, claim: DeliveryClaim) -> list[SecretStr]:
        """Return the secrets that sign now: the current one and, after a rotation, the previous one while both hold."""
        found = [self._keyring.open(claim.secrets["current"])] if "current" in claim.secrets else []
        if "previous" in claim.secrets and (claim.previous_until or 0.0) > self._wall():
            found.append(self._keyring.open(claim.secrets["previous"]))
        return found

    def _message(self, claim: DeliveryClaim, secrets: list[SecretStr]) -> tuple[bytes, dict[str, str]]:
        body, content_type = body_of(claim, self._settings.base_url)
        headers = {"Content-Type": content_type, "User-Agent": _AGENT, **_origin(claim)}
        return body, headers | signed_headers(claim.delivery.message_id, int(self._wall()), body, secrets)

    def _post(
        self, url: str, body: bytes, headers: Mapping[str, str], most: int = _EXCERPT_BYTES
    ) -> tuple[int, Mapping[str, str], bytes]:
        return self._connections.post(Request(_checked_url(url), body, headers, most))


def _shown(url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return what the log of tries keeps of a request: of the body its hash, of a signature its version."""
    signatures = " ".join(f"{one.partition(',')[0]},[masked]" for one in headers.get("webhook-signature", "").split())
    return {
        "method": "POST",
        "url": url,
        "headers": {**headers, **({"webhook-signature": signatures} if signatures else {})},
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "body_bytes": len(body),
    }


def _origin(claim: DeliveryClaim) -> dict[str, str]:
    """Return the headers that tie a delivery to the request that made its job; each try is a span of its own."""
    headers = {"X-Request-Id": claim.request_id} if claim.request_id else {}
    if not claim.traceparent:
        return headers
    here = current()
    is_ours = trace_id(here) == trace_id(claim.traceparent)
    state = {"tracestate": claim.tracestate} if claim.tracestate else {}
    return {**headers, "traceparent": here if is_ours else child_of(claim.traceparent), **state}


def sign(secret: SecretStr, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature of Standard Webhooks: `v1`, or `v1a` when the secret is the private half of a key pair.

    Raises:
        SecretUnavailable: the secret has another form.
    """
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    if secret.reveal().startswith(_PRIVATE_PREFIX):
        return "v1a," + base64.b64encode(_signing_key(secret).sign(content).signature).decode()
    try:
        key = base64.b64decode(secret.reveal().removeprefix(_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SecretUnavailable("the endpoint's secret is not whsec_ and base64") from error
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _signing_key(secret: SecretStr) -> SigningKey:
    """Return the key of `whsk_`: base64 of the seed, and maybe the public key behind it."""
    try:
        return SigningKey(base64.b64decode(secret.reveal().removeprefix(_PRIVATE_PREFIX), validate=True)[:_SEED_BYTES])
    except (binascii.Error, ValueError) as error:
        raise SecretUnavailable("the endpoint's key is not whsk_ and base64") from error


def signed_headers(message_id: str, timestamp: int, body: bytes, secrets: Iterable[SecretStr]) -> dict[str, str]:
    """Return the three webhook headers; without a secret there is no signature header."""
    headers = {"webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    signatures = " ".join(sign(secret, message_id, timestamp, body) for secret in secrets)
    return {**headers, "webhook-signature": signatures} if signatures else headers


def body_of(claim: DeliveryClaim, base_url: str = "") -> tuple[bytes, str]:
    """Return the body's bytes and content type: Standard Webhooks, or a CloudEvent when the endpoint asks for it."""
    event = claim.delivery.event
    if claim.format == "cloudevents":
        document = _cloud_event(claim.delivery.message_id, event, base_url)
        return _json(document), "application/cloudevents+json; charset=utf-8"
    return _json(
        {"type": str(event.type), "timestamp": _rfc3339(event.at), "data": _data(event, base_url)}
    ), "application/json"


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that Retry-After asks for (a number or a date); None when it is absent or senseless."""
    if not value:
        return None
    if value.isascii() and value.strip().isdigit():  # of other digits, as a superscript two, no number can be made
        return float(value)
    try:
        wish = parsedate_to_datetime(value).timestamp() - now
    except (TypeError, ValueError, OverflowError):
        return None
    return wish if wish > 0 and math.isfinite(wish) else None


def _checked_url(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressRefused("only http and https URLs with a host are called")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("a URL with credentials is not called")
    return parts


def _data(event: Event, base_url: str) -> dict[str, Any]:
    data: dict[str, Any] = {"event_id": event.id, **dict(event.data)}
    names = {"job_id": event.job_id, "lab_id": event.lab_id, "step_id": event.step_id, "node": event.node}
    names["tenant"] = event.tenant
    data |= {name: value for name, value in names.items() if value}
    if event.job_id and base_url:
        data["url"] = f"{base_url.rstrip('/')}/v1/jobs/{event.job_id}"
    return data


def _cloud_event(message_id: str, event: Event, base_url: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": message_id,
        "source": base_url or "urn:matryoshka",
        "type": str(event.type),
        "subject": event.job_id or event.lab_id or event.id,
        "time": _rfc3339(event.at),
        "datacontenttype": "application/json",
        "data": _data(event, base_url),
    }


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reason(error: BaseException) -> str:
    if isinstance(error, AddressRefused | WorkerError):
        return str(error)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return type(error).__name__


def _scrubbed(excerpt: bytes, secrets: Iterable[SecretStr]) -> str:
    scrubber = Scrubber()
    for secret in secrets:
        scrubber.add(secret)
    return scrubber.text(excerpt.decode("utf-8", errors="replace"))


def _elapsed(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
