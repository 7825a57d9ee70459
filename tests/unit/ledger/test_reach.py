"""Where webhooks may go: special ranges, metadata services and our own machines only when they are listed."""

from __future__ import annotations

import ipaddress

import pytest

from service.ledger.reach import AddressRules, hosts_of, literal, networks_of

_DEFAULT = AddressRules()

SPECIAL = [
    "127.0.0.1", "127.255.0.1", "0.0.0.0", "0.1.2.3", "169.254.1.1", "192.0.0.8", "224.0.0.1", "255.255.255.255",
    "::1", "::", "100::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
]  # fmt: skip
METADATA = [
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fe80::a9fe:a9fe",
]  # fmt: skip
HIDDEN = [
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",  # mapped, translated
    "::127.0.0.1", "::169.254.169.254",  # compatible
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1",  # NAT64
    "2002:7f00:1::", "2002:a9fe:a9fe::1",  # 6to4
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo
    "2001:db8::5efe:127.0.0.1", "fd12::200:5efe:a9fe:a9fe",  # ISATAP
]  # fmt: skip


@pytest.mark.parametrize("address", SPECIAL + METADATA + HIDDEN)
def test_special_addresses_are_refused_by_default(address: str) -> None:
    """0.0.0.0/0 and ::/0 open no loopback, link-local, metadata, multicast, nor any of them hidden in IPv6."""
    assert not _DEFAULT.allows(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["10.0.0.5", "192.168.1.1", "172.16.0.1", "8.8.8.8", "2001:db8::1", "fd12::1", "::ffff:10.0.0.5"]
)
def test_public_and_private_addresses_are_allowed_by_default(address: str) -> None:
    """Portals usually live on private networks."""
    assert _DEFAULT.allows(ipaddress.ip_address(address))


def test_a_listed_network_inside_a_special_range_opens_it() -> None:
    """127.0.0.0/8 in the list opens loopback, also as IPv4 in IPv6, and nothing else special."""
    rules = AddressRules(networks_of("127.0.0.0/8, 0.0.0.0/0"))

    assert rules.allows(ipaddress.ip_address("127.0.0.1"))
    assert rules.allows(ipaddress.ip_address("::ffff:127.0.0.1"))
    assert not rules.allows(ipaddress.ip_address("169.254.169.254"))
    assert not rules.allows(ipaddress.ip_address("::1"))


@pytest.mark.parametrize("address", METADATA)
def test_metadata_opens_by_its_own_address_only(address: str) -> None:
    """No wider network opens a metadata service, not even that of its special range."""
    found = ipaddress.ip_address(address)
    wider = ",".join(str(ipaddress.ip_network(f"{address}/{bits}", strict=False)) for bits in (0, 1, 8, 16, 24, 31))

    assert not AddressRules(networks_of(wider)).allows(found)
    assert AddressRules(networks_of(f"{wider},{address}")).allows(found)


def test_a_list_without_everything_is_a_closed_list() -> None:
    """Only what is listed may be called."""
    rules = AddressRules(networks_of("10.1.0.0/16"))

    assert rules.allows(ipaddress.ip_address("10.1.2.3"))
    assert not rules.allows(ipaddress.ip_address("10.2.0.1"))
    assert not rules.allows(ipaddress.ip_address("8.8.8.8"))


@pytest.mark.parametrize("spelled", ["10.0.0.7", "::ffff:10.0.0.7", "64:ff9b::a00:7"])
def test_our_own_machines_open_by_their_own_address_only(spelled: str) -> None:
    """Ledger and hosts are refused in every spelling, also inside a listed network, unless listed one by one."""
    own = (ipaddress.ip_address("10.0.0.7"),)
    address = ipaddress.ip_address(spelled)

    assert not AddressRules(own=lambda: own).allows(address)
    assert not AddressRules(networks_of("10.0.0.0/8,10.0.0.6/31"), own=lambda: own).allows(address)
    assert AddressRules(networks_of("10.0.0.7"), own=lambda: own).allows(address)
    assert AddressRules(own=lambda: own).allows(ipaddress.ip_address("10.0.0.8"))


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("portal.example.org", True), ("PORTAL.example.org.", True), ("\uff50ortal.example.org", True),
        ("a.hooks.example.org", True), ("a.b.hooks.example.org", True), ("10.0.0.5", True),
        ("hooks.example.org", False), ("evilhooks.example.org", False), ("portal.example.org.evil.test", False),
        ("example.org", False), ("10.0.0.6", False), ("", False),
    ],
)  # fmt: skip
def test_only_listed_hosts_may_be_called(host: str, allowed: bool) -> None:
    """A list of names is closed: exact names, and what is below a `*.domain`, however they are written."""
    rules = AddressRules(hosts=hosts_of("portal.example.org, *.Hooks.example.org, 10.0.0.5"))

    assert allowed == (not rules.name_refusal(host))


def test_a_listed_name_opens_no_special_address() -> None:
    """Whoever owns a name's zone can point it anywhere: only a listed network opens loopback."""
    assert AddressRules(hosts=("localhost",)).early_refusal("localhost")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.0.0.1.", "2130706433", "0x7f000001", "0x7F.1", "017700000001", "0177.0.0.1", "127.1",
        "127.0.1", "\uff11\uff12\uff17.\uff10.\uff10.\uff11", "127\u30020\u30020\u30021", "\u2460\u2461\u2466.0.0.1",
        "localhost", "LOCALHOST.", "a.localhost",
        "[::1]", "::1", "::ffff:7f00:1", "[::ffff:127.0.0.1]", "fe80::1%eth0", "fe80::1%25eth0", "10.0.0.5%25lo",
        "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
    ],
)  # fmt: skip
def test_every_spelling_of_a_refused_address_is_known_early(host: str) -> None:
    """A host that is an address is judged without a resolver, in each form that resolvers take."""
    assert _DEFAULT.early_refusal(host)


@pytest.mark.parametrize("host", ["example.org", "0x.example.org", "1.2.3.4.example", "999.1.1.1", "127.0.0.1.nip.io"])
def test_names_are_left_to_the_moment_of_the_call(host: str) -> None:
    """What is no address has none yet, and is not refused early."""
    assert literal(host) is None
    assert "" == _DEFAULT.early_refusal(host)


@pytest.mark.parametrize("text", ["http://example.org", "a b", "*", "*.", "exam*ple.org", "a/b"])
def test_lists_of_hosts_hold_names(text: str) -> None:
    """What is neither a name nor a *.domain is refused when the process starts."""
    with pytest.raises(ValueError, match="no host name"):
        hosts_of(f"good.example.org,{text}")
