"""Where webhooks may go: pure rules over host names and addresses. Workers ask them at each connection, the API early.

Refused unless listed: special ranges (loopback, link-local, multicast, ...), cloud metadata services, and the service's
own machines. A wide network such as 0.0.0.0/0 lists none of them: a special range opens by a network inside it, a
metadata service or a machine of our own by its very address. Private ranges are open, since portals usually live there.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# IANA's special-purpose registries (RFC 6890): what never is a receiver somewhere else.
_SPECIAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "::1/128", "100::/64", "fe80::/10", "fec0::/10", "ff00::/8",
        "64:ff9b:1::/48",  # RFC 8215: translation to IPv4 by rules that only the local network knows
        "2001::/32",  # RFC 4380, Teredo: tunnels to an IPv4 address
        "5f00::/16",  # RFC 9602: segment routing
    )
)  # fmt: skip
# Metadata services of clouds, which hand out credentials to whoever asks from a machine.
_METADATA: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, Oracle, OpenStack
        "169.254.170.2", "169.254.170.23",  # AWS: containers, Kubernetes
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure: the platform itself
        "192.0.0.192",  # Oracle
        "fd00:ec2::254", "fd00:ec2::23",  # AWS
        "fd20:ce::254",  # Google
        "fe80::a9fe:a9fe",  # OpenStack
    )
)  # fmt: skip
_REFUSED = (*_METADATA, *_SPECIAL)
EVERYWHERE: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
# Prefixes with an IPv4 address in the last four bytes: compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052).
_LAST_FOUR = tuple(ipaddress.IPv6Network(text) for text in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # RFC 5214: the bytes before the IPv4 address
_NUMERIC = re.compile(r"[0-9][0-9a-fx.]*")
_HOST_PATTERN = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.:-]{0,251}[a-z0-9_])?")


@dataclass(frozen=True)
class AddressRules:
    """What may be called. `hosts` are names or `*.domain`; () means any. `own` gives the service's own addresses.

    A host must pass by its name, and by each of its addresses.
    """

    networks: tuple[Network, ...] = EVERYWHERE
    hosts: tuple[str, ...] = ()
    own: Callable[[], Collection[Address]] = tuple

    def allows(self, address: Address) -> bool:
        """Return whether this address may be called."""
        return not self.refusal(address)

    def refusal(self, address: Address) -> str:
        """Return why this address may not be called, '' when it may; IPv4 inside IPv6 counts as itself."""
        inner = plain(address)
        listed = [network for network in self.networks if inner in network]
        if not listed:
            return "it is in no listed network"
        special = max((one for one in _REFUSED if inner in one), key=lambda one: one.prefixlen, default=None)
        if special is not None and not any(_is_inside(network, special) for network in listed):
            return "it is a special address that is not listed"
        if inner in {plain(one) for one in self.own()} and not any(one.num_addresses == 1 for one in listed):
            return "it belongs to the service itself"
        return ""

    def name_refusal(self, host: str) -> str:
        """Return why this host may not be called by its name, '' when it may. Its addresses are judged beside it."""
        name = canonical(host)
        if not name or "%" in name:
            return "it is no name of a host; zones of addresses are not supported"
        if self.hosts and not any(_matches(name, pattern) for pattern in self.hosts):
            return "it is not one of the listed hosts"
        return ""

    def early_refusal(self, host: str) -> str:
        """Return what can be said of a host without resolving it: '' unless it is refused whatever it leads to."""
        reason = self.name_refusal(host)
        address = literal(host)
        return reason or (self.refusal(address) if address is not None else "")


def canonical(host: str) -> str:
    """Return a host name as it is compared: without compatibility forms, brackets, capitals and final dots."""
    return unicodedata.normalize("NFKC", host).replace("\u3002", ".").strip("[]").lower().rstrip(".")


def literal(host: str) -> Address | None:
    """Return the address that a host's text stands for in whatever spelling, None for a name.

    Resolvers take decimal, octal, hexadecimal and short forms of IPv4 (inet_aton), and `localhost` is loopback
    (RFC 6761).
    """
    name = canonical(host)
    if name == "localhost" or name.endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        pass
    if not _NUMERIC.fullmatch(name):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except OSError:
        return None


def plain(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 address, where there is one: packets to the one end at the other."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if int(last) > 1 and any(address in network for network in _LAST_FOUR):  # :: and ::1 are addresses of their own
        return last
    if address.sixtofour is not None:
        return address.sixtofour
    return last if int(address) >> 32 & 0xFFFFFFFF in _ISATAP else address


def networks_of(text: str) -> tuple[Network, ...]:
    """Return the networks of a list with commas. Raises ValueError that names the first bad one."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def hosts_of(text: str) -> tuple[str, ...]:
    """Return the host names and `*.domain` patterns of a list with commas. Raises ValueError for what is neither."""
    found = tuple(canonical(part.strip()) for part in text.split(",") if part.strip())
    for pattern in found:
        if not _HOST_PATTERN.fullmatch(pattern):
            raise ValueError(f"{pattern!r} is no host name and no *.domain")
    return found


def _matches(name: str, pattern: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _is_inside(network: Network, special: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network) and isinstance(special, ipaddress.IPv4Network):
        return network.subnet_of(special)
    if isinstance(network, ipaddress.IPv6Network) and isinstance(special, ipaddress.IPv6Network):
        return network.subnet_of(special)
    return False
