"""Which addresses of a name are called: those that were judged, of a name that was resolved once."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from service.ledger.reach import AddressRules, hosts_of, networks_of
from workers.outbound import AddressRefused, addresses


class Resolver:
    """Answers from a list, one answer a question."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        """As socket.getaddrinfo."""
        self.asked.append(host)
        found = self.answers.pop(0)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def test_a_name_is_resolved_once_and_all_its_addresses_are_given() -> None:
    """Doubles are left out, the resolver's order is kept, and a second answer is never asked for."""
    resolver = Resolver(["10.0.0.2", "10.0.0.1", "10.0.0.2"], ["127.0.0.1"])

    found = addresses("portal.example", 443, AddressRules(), resolver)

    assert ["10.0.0.2", "10.0.0.1"] == [str(address) for address in found]
    assert ["portal.example"] == resolver.asked


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["169.254.169.254", "::1"],
        ["::ffff:127.0.0.1"], ["64:ff9b::a9fe:a9fe"], ["fe80::1%eth0"], [],
    ],
)  # fmt: skip
def test_one_bad_address_refuses_the_name(answer: list[str]) -> None:
    """Good addresses beside a bad one are how rebinding looks; none at all is refused too."""
    with pytest.raises(AddressRefused):
        addresses("rebind.example", 80, AddressRules(), Resolver(answer))


def test_rebinding_is_judged_at_each_call() -> None:
    """A name that was good before is refused when it leads to loopback now."""
    resolver = Resolver(["10.0.0.1"], ["127.0.0.1"], ["10.0.0.1"])
    outcomes = []
    for _ in range(3):
        try:
            outcomes.append([str(one) for one in addresses("rebind.example", 80, AddressRules(), resolver)])
        except AddressRefused:
            outcomes.append([])

    assert [["10.0.0.1"], [], ["10.0.0.1"]] == outcomes


def test_a_name_that_is_not_listed_is_not_resolved() -> None:
    """Refused by its name, it is not even asked for."""
    resolver = Resolver(["10.0.0.1"])

    with pytest.raises(AddressRefused, match="not one of the listed hosts"):
        addresses("other.example", 80, AddressRules(networks_of("10.0.0.0/8"), hosts_of("portal.example")), resolver)

    assert [] == resolver.asked
