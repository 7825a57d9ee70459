"""Connections to addresses that callers name: every address is judged when it is about to be used, and pinned.

The rules are `service.ledger.reach`'s. A name is resolved once, all its addresses must pass, and the connection goes to
one of them by number: a name that leads elsewhere a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service.ledger.reach import Address, AddressRules

Resolve = Callable[..., list[Any]]  # socket.getaddrinfo


class AddressRefused(Exception):
    """The address may not be called, or the name leads to none."""


@dataclass(frozen=True)
class Opening:
    """Whom to connect to, how long for the connection and for everything, how TLS is checked and names resolved."""

    rules: AddressRules = field(default_factory=AddressRules)
    connect_seconds: float = 5.0
    total_seconds: float = 20.0
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context
    resolve: Resolve = socket.getaddrinfo


def addresses(host: str, port: int, rules: AddressRules, resolve: Resolve = socket.getaddrinfo) -> list[Address]:
    """Resolve a name and return its addresses; raises AddressRefused unless name and every address are allowed."""
    reason = rules.name_refusal(host)
    if reason:
        raise AddressRefused(f"the host may not be called: {reason}")
    try:
        found = resolve(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise AddressRefused("the host's name leads to no address") from error
    resolved = list(dict.fromkeys(ipaddress.ip_address(str(item[4][0]).split("%", 1)[0]) for item in found))
    # One bad address among good ones is how rebinding looks.
    for address in resolved:
        reason = rules.refusal(address)
        if reason:
            raise AddressRefused(f"the address {address} may not be called: {reason}")
    return resolved


def connect(
    candidates: list[Address], port: int, opening: Opening, left: Callable[[], float]
) -> tuple[Address, socket.socket]:
    """Connect to the first judged address that answers, by its number; raises AddressRefused or OSError.

    `left` tells the seconds that remain for all of them: a name may lead to any number of addresses that are silent.
    """
    problem: OSError | None = None
    for address in candidates:
        seconds = min(opening.connect_seconds, left())
        if seconds <= 0:
            raise TimeoutError("no address of the name answered in time") from problem
        try:
            return address, socket.create_connection((str(address), port), timeout=seconds)
        except OSError as error:
            problem = error
    raise problem or AddressRefused("the host's name leads to no address")
