"""A receiver's check of a webhook, against the published vector and the ways to be wrong."""

from __future__ import annotations

import base64

import pytest
from nacl.signing import SigningKey

from service.commands.verifying import NotVerified, check_keys, verify

# Standard Webhooks' known answer.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
NOW = 1614265330.0


def test_the_published_vector_and_a_key_pair() -> None:
    """The known answer is accepted, beside other signatures and keys too; so is an ed25519 signature."""
    other = base64.b64encode(b"o" * 32).decode()
    verify([SECRET], HEADERS, BODY, NOW + 299)
    verify([f"whsec_{other}", SECRET], HEADERS | {"webhook-signature": f"v1,AAAA v2,x {_mark()}"}, BODY, NOW)

    key = SigningKey(b"s" * 32)
    signed = f"{HEADERS['webhook-id']}.{HEADERS['webhook-timestamp']}.".encode() + BODY
    signature = "v1a," + base64.b64encode(key.sign(signed).signature).decode()
    public = "whpk_" + base64.b64encode(bytes(key.verify_key)).decode()
    verify([public], HEADERS | {"webhook-signature": signature}, BODY, NOW)
    with pytest.raises(NotVerified):
        verify([public], HEADERS | {"webhook-signature": signature}, BODY + b" ", NOW)


def _mark() -> str:
    return HEADERS["webhook-signature"]


@pytest.mark.parametrize(
    ("changes", "body", "now"),
    [
        ({}, BODY + b" ", NOW),
        ({}, BODY, NOW + 301),
        ({}, BODY, NOW - 301),
        ({"webhook-id": "other"}, BODY, NOW),
        ({"webhook-timestamp": "soon"}, BODY, NOW),
        ({"webhook-signature": ""}, BODY, NOW),
        ({"webhook-signature": _mark().replace("v1,", "v1a,")}, BODY, NOW),
    ],
)
def test_what_is_refused(changes: dict[str, str], body: bytes, now: float) -> None:
    """Another body, id or version, a missing signature, and a time more than five minutes away are not accepted."""
    with pytest.raises(NotVerified):
        verify([SECRET], HEADERS | changes, body, now)


@pytest.mark.parametrize("key", ["secret", "whsec_!!", "whpk_="])
def test_keys_that_verify_nothing(key: str) -> None:
    """A key of another form is refused before anything is received."""
    with pytest.raises(ValueError, match="key"):
        check_keys([key])
