"""The checks of a host in the order of the way to it, and their results as a list. Pure.

A check's result is a fact, `check.<id>`, which its step writes whether it passes or fails; what comes after a failed
one is not reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "check."
PASSED, FAILED, NOT_REACHED = "passed", "failed", "not_reached"


@dataclass(frozen=True)
class HostCheck:
    """One check: its id (also its step's), the action that makes it and its title."""

    id: str
    action: str
    title: str


HOST_CHECKS: tuple[HostCheck, ...] = (
    HostCheck("name", "CheckName", "The name has an address"),
    HostCheck("port", "CheckPort", "The port takes connections"),
    HostCheck("tls", "CheckTls", "TLS: the workers trust the certificate"),
    HostCheck("authentication", "CheckLogon", "WinRM takes the credential"),
    HostCheck("endpoint", "CheckEndpoint", "The endpoint opens and has the functions"),
    HostCheck("rights", "CheckRights", "The account may manage Hyper-V"),
    HostCheck("role", "CheckRole", "The Hyper-V role runs and can nest"),
)


def checks_of(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every check in order with its result; [] when the facts hold none at all."""
    if not any(f"{PREFIX}{check.id}" in facts for check in HOST_CHECKS):
        return []
    return [_result(check, facts.get(f"{PREFIX}{check.id}")) for check in HOST_CHECKS]


def _result(check: HostCheck, fact: Any) -> dict[str, Any]:
    found = dict(fact) if isinstance(fact, Mapping) else {"outcome": NOT_REACHED}
    return {"id": check.id, "title": check.title, **found}
