"""TLS to a host and nothing more: what it presents, and whether a session of this worker would take it.

The verdict is that of the context which requests and pypsrp use (urllib3's), so it cannot differ from a session's. No
HTTP is spoken over these connections, so no credential can be; a single plain request without one tells TLS from HTTP.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from workers.psrp.certificates import is_named, read_certificate
from workers.psrp.way import Certificate, Presented

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h
# What OpenSSL calls an answer that is no TLS record.
_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
)
# X509_V_ERR_ codes of a chain that ends nowhere: no issuer, or one that signed itself and is not known.
_NO_ISSUER = frozenset({2, 18, 19, 20, 21})
_PLAIN = b"POST /wsman HTTP/1.1\r\nHost: host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Target:
    """Where to shake hands. `ca_file` '' means the authorities that this worker trusts by itself."""

    address: str
    port: int
    ca_file: str = ""
    seconds: float = 10.0


@dataclass(frozen=True)
class _Refusal:
    """Why a handshake fails, '' when it does not, and OpenSSL's verify code."""

    reason: str = ""
    code: int = 0


def trusted_file(ca_file: str) -> str:
    """Return the file of the authorities that a session of this worker checks with."""
    # As requests: its own list, unless the environment names another.
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    return ca_file or named or DEFAULT_CA_BUNDLE_PATH


def shake_hands(target: Target, clock: Callable[[], float] = time.time) -> Presented:
    """Return what the host presents, judged. Three handshakes at most."""
    try:
        version, der = _handshake(target, _unchecked())
    except ssl.SSLError as error:
        return _not_spoken(target, error.reason or type(error).__name__)
    except OSError as error:
        return _not_spoken(target, type(error).__name__)
    try:
        certificate = read_certificate(der)
    except ValueError as error:
        return Presented(spoken=True, version=version, reason=str(error)[:200], faults=("refused",))
    refusal = _refusal(target, _checked(target))
    faults = _faults(target, certificate, clock()) if refusal.reason else ()
    return Presented(True, False, refusal.reason, version, certificate, faults)


def _faults(target: Target, certificate: Certificate, now: float) -> tuple[str, ...]:
    found = []
    if now > certificate.not_after:
        found.append("expired")
    elif now < certificate.not_before:
        found.append("not_yet_valid")
    if _refusal(target, _chain_only(target)).code in _NO_ISSUER:
        found.append("self_signed" if certificate.self_signed else "unknown_authority")
    if not is_named(certificate, target.address):
        found.append("wrong_name")
    return tuple(found) or ("refused",)


def _not_spoken(target: Target, reason: str) -> Presented:
    plain = any(word in reason for word in _NOT_TLS) or _answers_http(target)
    return Presented(spoken=False, plain=plain, reason=reason)


def _answers_http(target: Target) -> bool:
    """Return whether the port answers HTTP without TLS; the request carries nothing."""
    with contextlib.suppress(OSError), socket.create_connection((target.address, target.port), target.seconds) as line:
        line.settimeout(target.seconds)
        line.sendall(_PLAIN)
        return line.recv(5) == b"HTTP/"
    return False


def _handshake(target: Target, context: ssl.SSLContext) -> tuple[str, bytes]:
    with (
        socket.create_connection((target.address, target.port), target.seconds) as line,
        context.wrap_socket(line, server_hostname=target.address) as secured,
    ):
        return str(secured.version() or ""), secured.getpeercert(binary_form=True) or b""


def _refusal(target: Target, context: ssl.SSLContext) -> _Refusal:
    """Return why a handshake fails under a context."""
    try:
        _handshake(target, context)
    except ssl.SSLCertVerificationError as error:
        return _Refusal(str(error.verify_message), int(error.verify_code))
    except OSError as error:
        return _Refusal(type(error).__name__)
    return _Refusal()


def _unchecked() -> ssl.SSLContext:
    # Only looks at the certificate: the connection ends with the handshake.
    context = create_urllib3_context(cert_reqs=ssl.CERT_NONE)
    context.check_hostname = False
    return context


def _checked(target: Target) -> ssl.SSLContext:
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    trusted = Path(trusted_file(target.ca_file))
    context.load_verify_locations(capath=trusted) if trusted.is_dir() else context.load_verify_locations(trusted)
    context.check_hostname = True
    return context


def _chain_only(target: Target) -> ssl.SSLContext:
    context = _checked(target)
    context.check_hostname = False
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)
    return context
