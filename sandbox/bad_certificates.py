"""Server certificates with one thing wrong each. All are of the sandbox's own authority, but for two.

expired       its time is over            future       its time has not come
wrong_name    for another host            for_clients  not for servers
self_signed   signed by itself            untrusted    of an authority that nobody was told of
"""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from sandbox.tls import SERVER_NAMES, Authority, Wanted, issue, make_authority

KINDS: Final = ("expired", "future", "wrong_name", "for_clients", "self_signed", "untrusted")
_YEAR: Final = dt.timedelta(days=365)


def bad_context(kind: str, authority: Authority, folder: Path) -> ssl.SSLContext:
    """The server's TLS settings with such a certificate; its files are written into the folder."""
    paths = (folder / f"{kind}.pem", folder / f"{kind}-key.pem")
    issue(_issuer(kind, authority), _wanted(kind), paths)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(*paths)
    return context


def _issuer(kind: str, authority: Authority) -> Authority | None:
    if kind == "self_signed":
        return None
    return make_authority("Somebody else's CA") if kind == "untrusted" else authority


def _wanted(kind: str) -> Wanted:
    now = dt.datetime.now(dt.UTC)
    times = {"expired": (now - 2 * _YEAR, now - _YEAR), "future": (now + _YEAR, now + 2 * _YEAR)}
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH if kind == "for_clients" else ExtendedKeyUsageOID.SERVER_AUTH
    names = ("another-host.example",) if kind == "wrong_name" else SERVER_NAMES
    return Wanted(names[0], names, purpose, *times.get(kind, (now - _YEAR, now + _YEAR)), ec.SECP256R1())
