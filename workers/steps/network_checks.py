"""The first three checks of a host: its name, its port, its TLS. None of them opens or sends a credential."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from workers.psrp.way import Certificate, Place, Presented, Reached
from workers.steps.base import Applied, ReadOnly, StepContext
from workers.steps.found import Found, Warned, told

_SOON_SECONDS = 30 * 86400
_LOOPBACK = ("localhost",)
# What is told of several faults: first that which a new certificate cures whatever else is wrong.
_FAULTS: Mapping[str, str] = {
    "expired": "TLS_EXPIRED",
    "not_yet_valid": "TLS_NOT_YET_VALID",
    "wrong_name": "TLS_WRONG_NAME",
    "self_signed": "TLS_SELF_SIGNED",
    "unknown_authority": "TLS_UNKNOWN_AUTHORITY",
    "refused": "TLS_REFUSED",
}
_ANSWERS = {"refused": "PORT_REFUSED", "no_answer": "PORT_NO_ANSWER", "no_route": "PORT_NO_ROUTE"}


class CheckName(ReadOnly):
    """The host's name has an address, as this worker sees it."""

    action: ClassVar[str] = "CheckName"

    def apply(self, ctx: StepContext) -> Applied:
        """Record the addresses; raises StepRefused without any."""
        way = ctx.host.way()
        resolved = way.resolve()
        seen = {"address": way.place.address, "addresses": list(resolved.addresses)}
        code = {"": "", "unknown": "NAME_UNKNOWN"}.get(resolved.error, "NAME_NO_ANSWER")
        if not resolved.addresses and not code:
            code = "NAME_UNKNOWN"
        detail = f"{way.place.address} has no address here." if code else ""
        return told(ctx, "name", Found(seen, code, detail), way.place)


class CheckPort(ReadOnly):
    """The port takes a TCP connection."""

    action: ClassVar[str] = "CheckPort"

    def apply(self, ctx: StepContext) -> Applied:
        """Record what each address answered; raises StepRefused when none takes a connection."""
        way = ctx.host.way()
        place, reached = way.place, way.connect(way.resolve().addresses)
        seen = {
            "port": place.port,
            "address": reached.address,
            "milliseconds": round(1000 * reached.seconds),
            "answers": dict(reached.tried),
        }
        if reached.address:
            return told(ctx, "port", Found(seen), place)
        detail = f"Port {place.port} of {place.address}: {_in_words(reached.tried.values())}."
        return told(ctx, "port", Found(seen, _port_code(reached), detail), place)


class CheckTls(ReadOnly):
    """The certificate is one that the workers trust; over plain http, nothing would show the password."""

    action: ClassVar[str] = "CheckTls"

    def apply(self, ctx: StepContext) -> Applied:
        """Record what was presented; raises StepRefused for what the workers would refuse."""
        way = ctx.host.way()
        presented = way.present()
        found = _over_http(way.place, presented) if way.place.scheme == "http" else _over_tls(ctx, way.place, presented)
        return told(ctx, "tls", found, way.place)


def _in_words(answers: Iterable[str]) -> str:
    words = {"refused": "refused", "no_answer": "no answer", "no_route": "no route", "broken": "broke off"}
    return ", ".join(dict.fromkeys(words.get(answer, answer) for answer in answers)) or "nothing to connect to"


def _port_code(reached: Reached) -> str:
    # One address that refuses says more than another that is silent.
    for answer, code in _ANSWERS.items():
        if answer in reached.tried.values():
            return code
    return "PORT_BROKEN"


def _over_http(place: Place, presented: Presented) -> Found:
    seen = {"scheme": "http", "tls": presented.spoken}
    if presented.spoken:
        return Found(seen, "TLS_UNEXPECTED")
    if place.auth != "basic":
        return Found({**seen, "messages": f"sealed by {place.auth}"})
    if not _is_loopback(place.address):
        return Found(seen, "BASIC_OVER_HTTP")
    warning = Warned("BASIC_OVER_HTTP", "Basic over http, on this machine only.", "Use https for anything else.")
    return Found({**seen, "messages": "in clear text, on this machine"}, warnings=(warning,))


def _over_tls(ctx: StepContext, place: Place, presented: Presented) -> Found:
    certificate = presented.certificate
    seen: dict[str, Any] = {"scheme": "https", "tls": presented.spoken, "reason": presented.reason}
    if not presented.spoken:
        return Found(seen, "TLS_NOT_SPOKEN" if presented.plain else "TLS_BROKEN_OFF")
    seen |= {"version": presented.version, "pinned": place.pinned, "faults": list(presented.faults)}
    if certificate is None:
        return Found(seen, "TLS_REFUSED", "The certificate cannot be read.")
    seen["certificate"] = _shown(certificate)
    for fault, code in _FAULTS.items():
        if fault in presented.faults:
            values = {"issuer": certificate.issuer, "thumbprint": certificate.thumbprint}
            return Found(seen, code, _detail(fault, place, presented, certificate), values)
    return Found(seen, warnings=_soon(certificate, ctx.clock()))


def _detail(fault: str, place: Place, presented: Presented, certificate: Certificate) -> str:
    details = {
        "expired": f"The certificate {certificate.subject} expired on {_day(certificate.not_after)}.",
        "not_yet_valid": f"The certificate {certificate.subject} is valid from {_day(certificate.not_before)} on.",
        "wrong_name": f"The certificate is for {', '.join(certificate.names) or 'no name'}, not for {place.address}.",
        "self_signed": f"The certificate {certificate.subject} ({certificate.thumbprint}) is signed by itself.",
        "unknown_authority": f"The certificate was issued by {certificate.issuer}, which this worker does not know.",
    }
    return details.get(fault, f"This worker refuses the certificate: {presented.reason}.")


def _shown(certificate: Certificate) -> dict[str, Any]:
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": list(certificate.names),
        "not_before": _time(certificate.not_before),
        "not_after": _time(certificate.not_after),
        "thumbprint": certificate.thumbprint,
        "sha256": certificate.sha256,
        "self_signed": certificate.self_signed,
        "for_servers": certificate.for_servers,
        "pem": certificate.pem,
    }


def _soon(certificate: Certificate, now: float) -> tuple[Warned, ...]:
    if certificate.not_after - now > _SOON_SECONDS:
        return ()
    detail = f"The certificate expires on {_day(certificate.not_after)}."
    return (Warned("TLS_EXPIRES_SOON", detail, "Renew it; Install-Matryoshka.ps1 -HttpsListener makes a new one."),)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(seconds: float) -> str:
    return _time(seconds)[:10]


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address in _LOOPBACK
