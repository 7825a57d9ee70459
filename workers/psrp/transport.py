"""How a worker connects: an endpoint's facts become one pypsrp WSMan object with our time-outs and no proxy."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import os
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pypsrp.wsman import WSMan

from workers.errors import HostMisconfigured
from workers.secrets import SecretStr

AUTHS = ("negotiate", "kerberos", "credssp", "basic", "certificate", "ntlm")

# pypsrp prints whole messages, parameters included, at DEBUG, and tracebacks of time-outs at ERROR.
for _name in ("pypsrp", "spnego", "requests_credssp", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Timeouts:
    """Seconds. A read must outlive its operation by at least five, else answers that come late are lost."""

    connect: int = 10
    operation: int = 20
    read: int = 30
    poll: float = 1.0

    def __post_init__(self) -> None:
        slowest = max(self.operation, self.poll)
        if self.read < slowest + 5:
            raise ValueError(
                f"the read time-out ({self.read} s) must be at least 5 s above the operation's ({slowest} s)"
            )


@dataclass(frozen=True)
class Endpoint:
    """One host's WSMan endpoint and credential. `key` changes whenever the record does, so old sessions are not reused.

    For `certificate` the secret is a PEM bundle: the client certificate and its private key.
    """

    host_id: str
    key: str
    address: str
    port: int
    scheme: str
    auth: str
    username: str
    secret: SecretStr
    ca_pem: str = ""
    configuration_name: str = ""
    max_sessions: int = 5

    @property
    def is_preinstalled(self) -> bool:
        """True for a JEA endpoint: only function names may be called, the module is already there."""
        return bool(self.configuration_name)


def open_connection(endpoint: Endpoint, timeouts: Timeouts) -> WSMan:
    """Return a WSMan object for the endpoint; nothing is sent yet. Raises HostMisconfigured for impossible settings."""
    try:
        return WSMan(endpoint.address, **connection_arguments(endpoint, timeouts))
    except ValueError as error:
        raise HostMisconfigured(str(error)) from error


def connection_arguments(endpoint: Endpoint, timeouts: Timeouts) -> dict[str, Any]:
    """Return what pypsrp's WSMan is made of. Raises HostMisconfigured for what we never do."""
    _check(endpoint)
    arguments: dict[str, Any] = {
        "port": endpoint.port,
        "ssl": endpoint.scheme == "https",
        "auth": endpoint.auth,
        "encryption": "auto",
        "no_proxy": True,
        "cert_validation": ca_file_of(endpoint) or True,
        "connection_timeout": timeouts.connect,
        "operation_timeout": timeouts.operation,
        "read_timeout": timeouts.read,
        "reconnection_retries": 0,
        # Paces pypsrp's own repeats of a Receive (same MessageID, five times): 0.5 + 1.5 + 3.5 + 7.5 + 15.5 s.
        "reconnection_backoff": 0.5,
    }
    if endpoint.auth == "certificate":
        bundle = _pem_file(endpoint.secret.reveal())
        return {**arguments, "certificate_pem": bundle, "certificate_key_pem": bundle}
    if endpoint.auth == "basic" and endpoint.scheme == "http":
        arguments["encryption"] = "never"
    return {**arguments, "username": endpoint.username, "password": endpoint.secret.reveal()}


def endpoint_of(record: Mapping[str, Any], secret: SecretStr) -> Endpoint:
    """Return the endpoint that a host record describes."""
    return Endpoint(
        host_id=str(record["id"]),
        key=f"{record['id']}@{record.get('version', 0)}",
        address=str(record["address"]),
        port=int(record["port"]),
        scheme=str(record["scheme"]),
        auth=str(record["auth"]),
        username=str(record.get("username") or ""),
        secret=secret,
        ca_pem=str(record.get("ca_pem") or ""),
        configuration_name=str(record.get("configuration_name") or ""),
        max_sessions=_most_sessions(record),
    )


def ca_file_of(endpoint: Endpoint) -> str:
    """Return a file with the record's own authority, '' when it brings none."""
    return _pem_file(endpoint.ca_pem) if endpoint.ca_pem else ""


def forget_files() -> None:
    """Remove the files that were written for OpenSSL, private keys too: `os._exit` does not clean up."""
    with _making:
        while _directories:
            _directories.pop().cleanup()


def _most_sessions(record: Mapping[str, Any]) -> int:
    limits, report = record.get("limits") or {}, record.get("report") or {}
    chosen = int(limits.get("max_sessions") or Endpoint.max_sessions)
    # People and other tools use the same account's shells: at most half of what the host allows is ours.
    quota = int(report.get("max_shells_per_user") or 0)
    return max(1, min(chosen, quota // 2) if quota else chosen)


def _check(endpoint: Endpoint) -> None:
    if endpoint.auth not in AUTHS:
        raise HostMisconfigured(f"auth {endpoint.auth!r} is not one of {', '.join(AUTHS)}")
    if endpoint.auth == "basic" and endpoint.scheme == "http" and not _is_loopback(endpoint.address):
        raise HostMisconfigured("basic over plain http would send the password in clear text")
    if endpoint.auth == "certificate" and endpoint.scheme != "https":
        raise HostMisconfigured("a client certificate needs https")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _pem_file(text: str) -> str:
    # OpenSSL reads certificates from files only. The directory is this process's own (0700), the name is the content's
    # digest, so a thousand sessions make one file.
    path = Path(_pem_directory()) / f"{hashlib.sha256(text.encode()).hexdigest()}.pem"
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).replace(path)
    return str(path)


_directories: list[tempfile.TemporaryDirectory[str]] = []
_making = threading.Lock()


def _pem_directory() -> str:
    with _making:
        # One that was removed behind our back (cleaners of /tmp take what nobody touched for days) is made anew.
        if not _directories or not Path(_directories[-1].name).is_dir():
            _directories.append(tempfile.TemporaryDirectory(prefix="matryoshka-pem-"))
        return _directories[-1].name
