"""Addresses that are secrets, as they may be shown: the host and the last four characters."""

from __future__ import annotations

from urllib.parse import urlsplit

from schemas.webhook import MASK

_SHOWN = 4


def masked_url(url: str) -> str:
    """Return `https://hooks.slack.com/****AbCd`; less of a path too short to hide anything behind four characters."""
    parts = urlsplit(url)
    secret = url.partition("://")[2].partition("/")[2]
    shown = secret[-_SHOWN:] if len(secret) >= 4 * _SHOWN else ""
    return f"{parts.scheme}://{parts.netloc}/{MASK}{shown}"
