"""Webhooks to verify: the published vector, deliveries that our own sender sent, and what must be refused of each."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from nacl.signing import SigningKey

from service.ledger.event import Event, EventType
from service.ledger.reach import AddressRules
from service.ledger.store.deliveries import Delivery, DeliveryClaim, DeliveryState
from tests.integration.webhook_receiver import receiving
from workers.secrets import Keyring
from workers.webhooks import Sender, SendSettings

NOW = 1_800_000_000
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
_PAIR = SigningKey(b"s" * 32)
PRIVATE = "whsk_" + base64.b64encode(b"s" * 32).decode()
PUBLIC = "whpk_" + base64.b64encode(bytes(_PAIR.verify_key)).decode()
OTHER_PUBLIC = "whpk_" + base64.b64encode(bytes(SigningKey(b"t" * 32).verify_key)).decode()
_LOOPBACK = AddressRules((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))


@dataclass(frozen=True)
class Case:
    """One webhook as it came, the key of the receiver, the time there, and whether it is to be believed."""

    name: str
    key: str
    headers: dict[str, str]
    body: str
    now: int
    good: bool

    def given(self) -> dict[str, Any]:
        """Return it as JSON for a program in another language."""
        return asdict(self)


def cases(*, pairs: bool) -> list[Case]:
    """Return all cases; those of key pairs only when they are wanted."""
    secret = [*_of(_vector()), *_of(_delivered(SECRET, SECRET)), *_rotated()]
    return [*secret, *_of(_delivered(PRIVATE, PUBLIC)), *_mixed()] if pairs else secret


def _vector() -> Case:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    return Case("vector", SECRET, headers, '{"test": 2432232314}', 1614265330 + 299, good=True)


def _delivered(signing: str, key: str, **secrets: str) -> Case:
    """Return what a receiver got from our own sender."""
    event = Event("1-0", EventType.JOB_SUCCEEDED, NOW, "job_1", "lab_1", data={"state": "succeeded", "note": "für é"})
    sealed = {name: {"sealed": value} for name, value in {"current": signing, **secrets}.items()}
    with receiving() as receiver:
        delivery = Delivery("wd_1", "we_1", receiver.url, event, DeliveryState.PENDING, 0, NOW)
        claim = DeliveryClaim(delivery, "token", 1, 1, NOW, secrets=sealed, previous_until=NOW + 60.0)
        sender = Sender(Keyring(lambda box: box.encode()), SendSettings(_LOOPBACK), wall=lambda: float(NOW))
        assert sender.send(claim).succeeded
        _, headers, body = receiver.got[0]
    kept = {name: value for name, value in headers.items() if name.startswith("webhook-")}
    return Case(f"delivered to {key[:6]}", key, kept, body.decode(), NOW + 2, good=True)


def _of(case: Case) -> Iterator[Case]:
    """Yield a good case and what becomes of it when anything is changed."""
    stamp, headers = int(case.headers["webhook-timestamp"]), case.headers
    mark = headers["webhook-signature"]
    other = OTHER if case.key.startswith("whsec_") else OTHER_PUBLIC
    yield case
    yield replace(case, name=f"{case.name}: five minutes old", now=stamp + 300)
    yield _bad(case, "body changed", body=case.body.replace("{", "{ ", 1))
    yield _bad(case, "another key", key=other)
    yield _bad(case, "too old", now=stamp + 301)
    yield _bad(case, "of the future", now=stamp - 301)
    changed = {
        "another id": {"webhook-id": headers["webhook-id"] + "x"},
        "another time": {"webhook-timestamp": str(stamp + 1)},
        "no time": {"webhook-timestamp": "soon"},
        "an empty time": {"webhook-timestamp": ""},
        "no signature": {"webhook-signature": ""},
        "no base64": {"webhook-signature": mark[:4] + "!!"},
        "half a signature": {"webhook-signature": mark[:24]},
        "a version that nobody knows": {"webhook-signature": "v9," + mark.partition(",")[2]},
    }
    for name, values in changed.items():
        yield _bad(case, name, headers={**headers, **values})


def _rotated() -> Iterator[Case]:
    both = _delivered(SECRET, SECRET, previous=OTHER)
    yield replace(both, name="both sign: the new key")
    yield replace(both, name="both sign: the old key", key=OTHER)


def _mixed() -> Iterator[Case]:
    """A mark of one kind is none of the other."""
    pair = _delivered(PRIVATE, PUBLIC)
    text = pair.headers["webhook-signature"].partition(",")[2]
    yield _bad(pair, "ed25519 as HMAC", key=SECRET)
    yield _bad(pair, "renamed", headers={**pair.headers, "webhook-signature": f"v1,{text}"})


def _bad(case: Case, name: str, **changes: Any) -> Case:
    return replace(case, name=f"{case.name}: {name}", good=False, **changes)
