"""The first three checks of a host: name, port and TLS, each with its causes and what cures them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes import CERTIFICATE, FakeHost, FakeWay
from tests.unit.workers.steps.bench import Bench
from workers.errors import StepRefused
from workers.psrp.way import Place, Presented, Reached, Resolved

_HTTP = Place("hv01.example", 5985, "http", "negotiate", "svc")


def _passed(action: str, way: FakeWay) -> dict[str, Any]:
    ended, facts = Bench(action, FakeHost(road=way)).run()
    assert ended == "succeeded"
    (fact,) = facts.values()
    assert fact["outcome"] == "passed"
    return dict(fact)


def _failed(action: str, way: FakeWay) -> dict[str, Any]:
    with pytest.raises(StepRefused) as refused:
        Bench(action, FakeHost(road=way)).run()
    (fact,) = refused.value.facts.values()
    assert fact["outcome"] == "failed"
    assert fact["code"] == refused.value.reason
    assert fact["remedy"] in refused.value.remedy
    assert "log_on" not in way.log
    return dict(fact)


def test_a_way_that_is_well_passes() -> None:
    """What was seen is kept: addresses, the port's answer, and the certificate with names and thumbprint."""
    reached = Reached("192.0.2.7", 0.002, {"192.0.2.6": "refused", "192.0.2.7": "open"})
    way = FakeWay(reached=reached)

    assert _passed("CheckName", way)["seen"]["addresses"] == ["192.0.2.7"]
    assert _passed("CheckPort", way)["seen"]["answers"]["192.0.2.6"] == "refused"
    seen = _passed("CheckTls", way)["seen"]
    assert seen["certificate"]["names"] == ["hv01.example"]
    assert seen["certificate"]["thumbprint"] == CERTIFICATE.thumbprint


@pytest.mark.parametrize(
    ("error", "code"), [("unknown", "NAME_UNKNOWN"), ("no_answer", "NAME_NO_ANSWER"), ("", "NAME_UNKNOWN")]
)
def test_a_name_without_address_fails(error: str, code: str) -> None:
    """A name that nobody knows and a resolver that is silent are told apart."""
    assert _failed("CheckName", FakeWay(resolved=Resolved(error=error)))["code"] == code


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"192.0.2.7": "refused"}, "PORT_REFUSED"),
        ({"192.0.2.7": "no_answer"}, "PORT_NO_ANSWER"),
        ({"192.0.2.7": "no_route"}, "PORT_NO_ROUTE"),
        ({"192.0.2.7": "broken"}, "PORT_BROKEN"),
        ({"192.0.2.6": "no_answer", "192.0.2.7": "refused"}, "PORT_REFUSED"),
    ],
)
def test_a_port_that_takes_no_connection_fails(answers: dict[str, str], code: str) -> None:
    """Refused, silent and without a route are told apart; the commands have the host's own port and address."""
    found = _failed("CheckPort", FakeWay(reached=Reached(tried=answers)))

    assert found["code"] == code
    assert found["seen"]["answers"] == answers
    if code == "PORT_NO_ANSWER":
        assert "-LocalPort 5986" in found["commands"][1]
        assert "-HostName 'hv01.example'" in found["commands"][0]


@pytest.mark.parametrize(
    ("presented", "code"),
    [
        (Presented(False, plain=True, reason="WRONG_VERSION_NUMBER"), "TLS_NOT_SPOKEN"),
        (Presented(False, reason="ConnectionResetError"), "TLS_BROKEN_OFF"),
        (Presented(True, certificate=CERTIFICATE, faults=("expired",)), "TLS_EXPIRED"),
        (Presented(True, certificate=CERTIFICATE, faults=("not_yet_valid",)), "TLS_NOT_YET_VALID"),
        (Presented(True, certificate=CERTIFICATE, faults=("wrong_name",)), "TLS_WRONG_NAME"),
        (Presented(True, certificate=CERTIFICATE, faults=("self_signed",)), "TLS_SELF_SIGNED"),
        (Presented(True, certificate=CERTIFICATE, faults=("unknown_authority",)), "TLS_UNKNOWN_AUTHORITY"),
        (Presented(True, reason="EE key too small", certificate=CERTIFICATE, faults=("refused",)), "TLS_REFUSED"),
        (Presented(True, faults=("refused",)), "TLS_REFUSED"),
        (Presented(True, certificate=CERTIFICATE, faults=("self_signed", "expired")), "TLS_EXPIRED"),
    ],
)
def test_tls_that_the_workers_refuse_fails(presented: Presented, code: str) -> None:
    """Each way in which a certificate can be wrong has its own code, and all that were found are seen."""
    found = _failed("CheckTls", FakeWay(presented=presented))

    assert found["code"] == code
    if presented.spoken:
        assert found["seen"]["faults"] == list(presented.faults)


def test_an_unknown_authority_is_looked_for_by_its_own_name() -> None:
    """The command names the issuer that was seen, quoted, so that nothing in it is run."""
    evil = replace(CERTIFICATE, issuer="CN=it's $(here)")
    found = _failed("CheckTls", FakeWay(presented=Presented(True, certificate=evil, faults=("unknown_authority",))))

    assert "-EQ -Value 'CN=it''s $(here)' |" in found["commands"][0]


def test_a_certificate_that_ends_soon_is_warned_about() -> None:
    """Thirty days before its end a good certificate passes with a warning."""
    ends = replace(CERTIFICATE, not_after=1_700_000_000.0 + 10 * 86400)
    bench = Bench("CheckTls", FakeHost(road=FakeWay(presented=Presented(True, certificate=ends))))
    _, facts = bench.run()

    assert bench.warnings() == ["TLS_EXPIRES_SOON"]
    assert facts["check.tls"]["warnings"][0]["code"] == "TLS_EXPIRES_SOON"


def test_plain_http_passes_only_where_messages_are_sealed() -> None:
    """Negotiate seals over http; Basic would send the password, and is refused before anything is sent."""
    silent = Presented(False, plain=True)
    basic = replace(_HTTP, auth="basic")

    assert _passed("CheckTls", FakeWay(_HTTP, presented=silent))["seen"]["messages"] == "sealed by negotiate"
    assert _failed("CheckTls", FakeWay(basic, presented=silent))["code"] == "BASIC_OVER_HTTP"
    assert _failed("CheckTls", FakeWay(_HTTP))["code"] == "TLS_UNEXPECTED"
    local = _passed("CheckTls", FakeWay(replace(basic, address="127.0.0.1"), presented=silent))
    assert local["warnings"][0]["code"] == "BASIC_OVER_HTTP"
