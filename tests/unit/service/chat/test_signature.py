"""Slack's signature: the documented example, and what does not pass."""

from __future__ import annotations

import pytest

from service.chat.signature import NotFromSlack, sign, verify

# docs.slack.dev, "Verifying requests from Slack".
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TIMESTAMP = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
    b"803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
NOW = float(TIMESTAMP)


def test_the_documented_example() -> None:
    """Our signature of Slack's documented request is the documented one, and passes."""
    assert SIGNATURE == sign(SECRET, TIMESTAMP, BODY)
    for now in (NOW, NOW + 300, NOW - 300):
        verify(SECRET, TIMESTAMP, SIGNATURE, BODY, now=now)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"now": NOW + 301}, "5 minutes"),
        ({"now": NOW - 301}, "5 minutes"),
        ({"body": BODY + b" "}, "does not match"),
        ({"secret": SECRET + "x"}, "does not match"),
        ({"signature": SIGNATURE.upper()}, "does not match"),
        ({"signature": SIGNATURE[:-1]}, "does not match"),
        ({"signature": "é"}, "does not match"),
        ({"signature": ""}, "are needed"),
        ({"timestamp": ""}, "are needed"),
        ({"timestamp": TIMESTAMP + " "}, "not a number"),
        ({"timestamp": "١٥٣١٤٢٠٦١٨"}, "not a number"),
        ({"timestamp": "9" * 400}, "not a number"),
    ],
)
def test_what_does_not_pass(changed: dict[str, object], reason: str) -> None:
    """Anything but the very bytes, signed with the secret within five minutes, is refused."""
    given: dict[str, object] = {
        "secret": SECRET,
        "timestamp": TIMESTAMP,
        "signature": SIGNATURE,
        "body": BODY,
        "now": NOW,
    }
    with pytest.raises(NotFromSlack, match=reason) as caught:
        verify(**{**given, **changed})  # type: ignore[arg-type]

    assert SECRET not in str(caught.value)
