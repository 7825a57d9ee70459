"""What a certificate says, and what of it a worker would refuse. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from workers.psrp.way import Certificate


def read_certificate(der: bytes) -> Certificate:
    """Return what a certificate says; raises ValueError when it cannot be read."""
    found = x509.load_der_x509_certificate(der)
    return Certificate(
        subject=found.subject.rfc4514_string(),
        issuer=found.issuer.rfc4514_string(),
        names=tuple(_names(found)),
        not_before=found.not_valid_before_utc.timestamp(),
        not_after=found.not_valid_after_utc.timestamp(),
        thumbprint=found.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - a name, as Windows gives it
        sha256=found.fingerprint(hashes.SHA256()).hex(),
        self_signed=_is_self_signed(found),
        for_servers=_is_for_servers(found),
        pem=found.public_bytes(serialization.Encoding.PEM).decode("ascii"),
    )


def is_named(certificate: Certificate, address: str) -> bool:
    """Return whether the certificate is for this address; common names do not count (RFC 9525)."""
    try:
        wanted = ipaddress.ip_address(address)
    except ValueError:
        return any(_matches(name, address) for name in certificate.names)
    return str(wanted) in certificate.names


def _matches(name: str, address: str) -> bool:
    pattern, host = name.rstrip(".").lower(), address.rstrip(".").lower()
    if pattern.startswith("*."):
        first, _, rest = host.partition(".")
        return bool(first) and rest == pattern[2:]
    return pattern == host


def _names(found: x509.Certificate) -> Iterator[str]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from names.get_values_for_type(x509.DNSName)
    yield from map(str, names.get_values_for_type(x509.IPAddress))


def _is_self_signed(found: x509.Certificate) -> bool:
    if found.subject != found.issuer:
        return False
    try:
        found.verify_directly_issued_by(found)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _is_for_servers(found: x509.Certificate) -> bool:
    try:
        usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.SERVER_AUTH in usage or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage
