"""Connections to addresses that callers name: every address is judged when it is about to be used, and pinned.

Refused unless a configured network names them: loopback, link-local (cloud metadata lives there), multicast,
unspecified and other special ranges. Private ranges are allowed, since portals usually live there.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SPECIAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "100.100.100.200/32",  # Alibaba Cloud's metadata service
        "::/128", "::1/128", "fe80::/10", "fec0::/10", "ff00::/8",
        "fd00:ec2::/32",  # AWS's metadata service over IPv6
    )
)  # fmt: skip
_EVERYWHERE: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last four bytes
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")


class AddressRefused(Exception):
    """The address may not be called, or the name leads to none."""


@dataclass(frozen=True)
class AddressRules:
    """Networks that may be called. A special range is only open when a listed network lies inside it."""

    networks: tuple[Network, ...] = _EVERYWHERE

    def allows(self, address: Address) -> bool:
        """Return whether this address may be called; embedded IPv4 addresses count as themselves."""
        inner = _plain(address)
        special = next((network for network in _SPECIAL if inner in network), None)
        listed = [network for network in self.networks if inner in network]
        if special is None:
            return bool(listed)
        return any(_is_inside(network, special) for network in listed)


@dataclass(frozen=True)
class Opening:
    """How to connect: whom, how long for the connection and for everything, and how TLS is checked."""

    rules: AddressRules = AddressRules()
    connect_seconds: float = 5.0
    total_seconds: float = 20.0
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context


@contextmanager
def open_socket(host: str, port: int, opening: Opening, *, secure: bool) -> Iterator[socket.socket]:
    """Connect to an allowed address of `host` and lend the socket; the whole exchange ends after `total_seconds`.

    Raises AddressRefused and OSError.
    """
    started = time.monotonic()
    live = [_connect(addresses(host, port, opening.rules), port, opening)]
    live[0].settimeout(opening.total_seconds)
    # A receiver that drips one byte at a time resets every other time-out.
    cut = threading.Timer(opening.total_seconds - (time.monotonic() - started), _shut, [live])
    cut.daemon = True
    cut.start()
    try:
        if secure:
            wrapped = opening.tls().wrap_socket(live[0], server_hostname=host, do_handshake_on_connect=False)
            live.append(wrapped)  # the plain socket is only a shell from here on
            wrapped.do_handshake()
        yield live[-1]
    finally:
        cut.cancel()
        for item in live:
            item.close()


def addresses(host: str, port: int, rules: AddressRules) -> list[Address]:
    """Resolve a name and return its addresses; raises AddressRefused unless every one of them is allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise AddressRefused("the host's name leads to no address") from error
    resolved = list(dict.fromkeys(ipaddress.ip_address(str(item[4][0]).split("%", 1)[0]) for item in found))
    # One bad address among good ones is how rebinding looks.
    for address in resolved:
        if not rules.allows(address):
            raise AddressRefused(f"the address {address} may not be called")
    return resolved


def _connect(candidates: list[Address], port: int, opening: Opening) -> socket.socket:
    problem: OSError | None = None
    for address in candidates:
        try:
            return socket.create_connection((str(address), port), timeout=opening.connect_seconds)
        except OSError as error:
            problem = error
    raise problem or AddressRefused("the host's name leads to no address")


def _plain(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    return address


def _is_inside(network: Network, special: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network) and isinstance(special, ipaddress.IPv4Network):
        return network.subnet_of(special)
    if isinstance(network, ipaddress.IPv6Network) and isinstance(special, ipaddress.IPv6Network):
        return network.subnet_of(special)
    return False


def _shut(live: list[socket.socket]) -> None:
    try:
        live[-1].shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # already closed
