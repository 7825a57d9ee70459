"""Names, ports, certificates and offers, each judged without a host."""

from __future__ import annotations

import errno
import socket
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes import CERTIFICATE
from workers.psrp.certificates import is_named
from workers.psrp.logon import schemes_of
from workers.psrp.sounding import connect, resolve


class _Line:
    def close(self) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "unknown"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "no_answer"),
        (UnicodeError("label too long"), "unknown"),
    ],
)
def test_a_name_that_nobody_knows_is_not_a_resolver_that_is_silent(error: Exception, word: str) -> None:
    """The two need different cures."""

    def look_up(*_arguments: Any, **_options: Any) -> Any:
        raise error

    assert resolve("hv01", 5986, look_up).error == word


def test_addresses_are_named_once_in_their_order() -> None:
    """A resolver tells an address once for each kind of socket."""
    rows = [(0, 0, 0, "", ("192.0.2.7", 5986)), (0, 0, 0, "", ("2001:db8::7", 5986, 0, 0))]

    assert resolve("hv01", 5986, lambda *_a, **_o: rows + rows[:1]).addresses == ("192.0.2.7", "2001:db8::7")


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (ConnectionRefusedError(), "refused"),
        (TimeoutError(), "no_answer"),
        (OSError(errno.EHOSTUNREACH, "x"), "no_route"),
        (ConnectionResetError(), "broken"),
    ],
)
def test_addresses_are_tried_until_one_takes_the_connection(error: OSError, word: str) -> None:
    """What the others answered is kept; when none does, all of it is."""

    def dial(address: tuple[str, int], timeout: float) -> Any:
        assert timeout == 3
        if address[0] == "192.0.2.6":
            raise error
        return _Line()

    reached = connect(["192.0.2.6", "192.0.2.7"], 5986, 3, dial)

    assert (reached.address, reached.tried) == ("192.0.2.7", {"192.0.2.6": word, "192.0.2.7": "open"})
    assert connect(["192.0.2.6"], 5986, 3, dial).address == ""


@pytest.mark.parametrize(
    ("names", "address", "expected"),
    [
        (("hv01.example",), "HV01.example.", True),
        (("*.example",), "hv01.example", True),
        (("*.example",), "a.b.example", False),
        (("*.example",), "example", False),
        (("hv01.example",), "hv02.example", False),
        (("192.0.2.7",), "192.0.2.7", True),
        (("2001:db8::7",), "2001:0db8:0::7", True),
        (("hv01.example",), "192.0.2.7", False),
        ((), "hv01.example", False),
    ],
)
def test_a_certificate_is_for_its_names(names: tuple[str, ...], address: str, expected: bool) -> None:
    """As TLS clients compare: any case, a wildcard for one label, addresses as addresses."""
    assert is_named(replace(CERTIFICATE, names=names), address) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Negotiate", ("Negotiate",)),
        ('Negotiate, Kerberos, Basic realm="WSMAN", CredSSP', ("Negotiate", "Kerberos", "Basic", "CredSSP")),
        ('Digest realm="a, Basic b", nonce="x"', ("Digest",)),
        ("", ()),
    ],
)
def test_the_schemes_of_an_offer_are_read(header: str, expected: tuple[str, ...]) -> None:
    """Their parameters, and commas in quotes, are no schemes."""
    assert schemes_of(header) == expected
