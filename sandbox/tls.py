"""A certificate authority of the sandbox's own, and what it signs: the server and, for certificate logon, a client.

Files in the CA directory: ca.pem (give this to clients) and ca-key.pem, server.pem and server-key.pem, client.pem and
client-key.pem. Valid CA and server files are kept over restarts, so a client's copy of ca.pem stays good.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAYS: Final = 365
_SKEW: Final = dt.timedelta(hours=1)
_PRIVATE: Final = 0o600
SERVER_NAMES: Final = ("localhost", "127.0.0.1")
_CA_NAME: Final = "Matryoshka sandbox CA"


@dataclass(frozen=True)
class Authority:
    """The CA's certificate and key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Wanted:
    """A certificate to be made: its common name, subject alternative names, purpose, times and curve."""

    common_name: str
    names: tuple[str, ...]
    purpose: x509.ObjectIdentifier
    not_before: dt.datetime
    not_after: dt.datetime
    curve: ec.EllipticCurve


@dataclass(frozen=True)
class TlsFiles:
    """Where the files are."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def make_tls_files(directory: Path, client_name: str) -> TlsFiles:
    """Write what is missing into the directory; `client_name` is the account that client.pem logs on as."""
    directory.mkdir(parents=True, exist_ok=True)
    files = TlsFiles(*(directory / f"{name}.pem" for name in ("ca", "server", "server-key", "client", "client-key")))
    wanted = (files.ca, files.server, files.server_key, files.client, files.client_key)
    if all(path.exists() for path in wanted):
        return files
    authority = make_authority(_CA_NAME)
    _write(files.ca, _pem(authority.certificate))
    _write(directory / "ca-key.pem", _key_pem(authority.key))
    issue(
        authority,
        _lasting("localhost", SERVER_NAMES, ExtendedKeyUsageOID.SERVER_AUTH),
        (files.server, files.server_key),
    )
    issue(authority, _lasting(client_name, (), ExtendedKeyUsageOID.CLIENT_AUTH), (files.client, files.client_key))
    return files


def authority_of(directory: Path) -> Authority | None:
    """The authority of a CA directory; None when its key was not kept there."""
    key_file = directory / "ca-key.pem"
    if not key_file.exists():
        return None
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    return Authority(x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes()), key)


def server_context(files: TlsFiles, *, with_client_certificates: bool) -> ssl.SSLContext:
    """The server's TLS settings; client certificates are asked for, never required."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.server, files.server_key)
    if with_client_certificates:
        context.load_verify_locations(files.ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def make_authority(name: str) -> Authority:
    """A certificate authority of this name that nobody knows yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    whole = _name(name)
    certificate = (
        _builder(whole, whole, key.public_key(), _lasting(name, (), ExtendedKeyUsageOID.SERVER_AUTH))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(is_ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def issue(authority: Authority | None, wanted: Wanted, paths: tuple[Path, Path]) -> None:
    """Write a certificate and its key; without an authority it is signed by itself."""
    key = ec.generate_private_key(wanted.curve)
    subject = _name(wanted.common_name)
    issuer = authority.certificate.subject if authority else subject
    signer = authority.key if authority else key
    builder = (
        _builder(subject, issuer, key.public_key(), wanted)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(is_ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([wanted.purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if wanted.names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_general, wanted.names))), critical=False)
    _write(paths[0], _pem(builder.sign(signer, hashes.SHA256())))
    _write(paths[1], _key_pem(key))


def _lasting(common_name: str, names: tuple[str, ...], purpose: x509.ObjectIdentifier) -> Wanted:
    now = dt.datetime.now(dt.UTC)
    return Wanted(common_name, names, purpose, now - _SKEW, now + dt.timedelta(days=_DAYS), ec.SECP256R1())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, wanted: Wanted
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(wanted.not_before)
        .not_valid_after(wanted.not_after)
    )


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    encoding, layout = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, layout, serialization.NoEncryption())


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=_PRIVATE)
    path.write_bytes(content)
