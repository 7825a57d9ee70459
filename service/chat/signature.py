"""Slack's signature of its requests: `v0=` and the hex HMAC-SHA256 of `v0:<timestamp>:<raw body>`.

Source: docs.slack.dev, "Verifying requests from Slack", whose example is a test of ours.
"""

from __future__ import annotations

import hashlib
import hmac

TOLERANCE_SECONDS = 300
_LONGEST_TIMESTAMP = 15


class NotFromSlack(Exception):
    """The request is not signed with the app's secret, or not now. Not retryable as it stands."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return what Slack puts into `X-Slack-Signature`; `timestamp` is the text of `X-Slack-Request-Timestamp`."""
    content = b":".join((b"v0", timestamp.encode(), body))
    return "v0=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def verify(secret: str, timestamp: str, signature: str, body: bytes, *, now: float) -> None:
    """Check a request; `now` is seconds since 1970 UTC. Compares in constant time.

    Raises:
        NotFromSlack: says what is wrong, never what the signature should have been.
    """
    if not timestamp or not signature:
        raise NotFromSlack("X-Slack-Request-Timestamp and X-Slack-Signature are needed.")
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > _LONGEST_TIMESTAMP:
        raise NotFromSlack("X-Slack-Request-Timestamp is not a number of seconds.")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise NotFromSlack("The request was signed more than 5 minutes ago, or the clocks differ.")
    if not hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode()):
        raise NotFromSlack("The signature does not match.")
