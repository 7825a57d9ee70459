"""Endpoints that tell people: an incoming webhook of Slack, a Workflows webhook of Teams. Their address is a secret."""

from __future__ import annotations

from dataclasses import replace

from schemas.webhook import TOLD_FORMATS
from service.api.problems import Problem
from service.api.sealer import sealed
from service.chat.masking import masked_url
from service.ledger.store import Endpoint


def with_hidden_address(public_key: str, endpoint: Endpoint) -> Endpoint:
    """Return the endpoint as it is kept: its address sealed and shown masked, nothing signed.

    An endpoint that receives webhooks comes back as it is.
    """
    if endpoint.format not in TOLD_FORMATS:
        return endpoint
    hidden = {"url": sealed(public_key, {"value": endpoint.url})}
    return replace(endpoint, url=masked_url(endpoint.url), secrets=hidden, signing="none", public_key="")


def refuse_rotation(endpoint: Endpoint) -> None:
    """Refuse a new secret for an endpoint that has none; raises Problem (409)."""
    if endpoint.format in TOLD_FORMATS:
        raise Problem(409, "not-signed", f"Messages to {endpoint.format} are not signed: there is no secret to rotate.")
