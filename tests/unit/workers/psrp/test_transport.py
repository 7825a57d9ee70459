"""Endpoints become connections with our time-outs, without proxies, and never with a password in clear text."""

from __future__ import annotations

import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from workers.errors import HostMisconfigured
from workers.psrp.transport import (
    Endpoint,
    Timeouts,
    connection_arguments,
    endpoint_of,
    forget_files,
    open_connection,
)
from workers.secrets import SecretStr

_ENDPOINT = Endpoint("host_1", "host_1@1", "hv1.example", 5986, "https", "negotiate", "LAB\\svc", SecretStr("pw"))


@pytest.mark.parametrize("auth", ["negotiate", "kerberos", "credssp", "basic", "ntlm"])
def test_each_auth_gets_user_and_password_and_no_proxy(auth: str) -> None:
    """All password schemes are passed on, proxies of the environment are off, nothing is retried below us."""
    arguments = connection_arguments(replace(_ENDPOINT, auth=auth), Timeouts())

    assert (auth, "LAB\\svc", "pw") == (arguments["auth"], arguments["username"], arguments["password"])
    assert (True, 0) == (arguments["no_proxy"], arguments["reconnection_retries"])


def test_a_certificate_and_an_authority_become_private_files() -> None:
    """The client certificate's bundle and the authority are files that only this process's user can read."""
    endpoint = replace(_ENDPOINT, auth="certificate", secret=SecretStr("-----BEGIN X"), ca_pem="-----BEGIN CERTIFICATE")

    arguments = connection_arguments(endpoint, Timeouts())

    bundle = Path(arguments["certificate_pem"])
    assert arguments["certificate_key_pem"] == str(bundle)
    assert "-----BEGIN X" == bundle.read_text()
    assert 0o600 == stat.S_IMODE(bundle.stat().st_mode)
    assert "-----BEGIN CERTIFICATE" == Path(arguments["cert_validation"]).read_text()
    assert "password" not in arguments


def test_private_files_go_with_the_process_and_come_back_when_they_were_removed() -> None:
    """No key stays behind in /tmp; and whoever tidies /tmp up costs no host."""
    endpoint = replace(_ENDPOINT, auth="certificate", secret=SecretStr("-----BEGIN X"))
    bundle = Path(connection_arguments(endpoint, Timeouts())["certificate_pem"])

    shutil.rmtree(bundle.parent)
    again = Path(connection_arguments(endpoint, Timeouts())["certificate_pem"])
    assert "-----BEGIN X" == again.read_text()

    forget_files()
    assert not again.parent.exists()


def test_messages_are_sealed_on_plain_http() -> None:
    """Negotiate over http asks for message encryption; basic over http is for loopback only."""
    plain = replace(_ENDPOINT, scheme="http", port=5985)

    assert open_connection(plain, Timeouts()).transport.wrap_required
    with pytest.raises(HostMisconfigured):
        connection_arguments(replace(plain, auth="basic"), Timeouts())
    local = connection_arguments(replace(plain, auth="basic", address="127.0.0.1"), Timeouts())
    assert "never" == local["encryption"]


@pytest.mark.parametrize("change", [{"auth": "digest"}, {"auth": "certificate", "scheme": "http"}])
def test_impossible_settings_are_refused(change: dict[str, str]) -> None:
    """An unknown scheme of auth, or a client certificate without TLS, is refused before anything is sent."""
    with pytest.raises(HostMisconfigured):
        connection_arguments(replace(_ENDPOINT, **change), Timeouts())  # type: ignore[arg-type]


def test_a_read_outlives_its_operation() -> None:
    """Time-outs in the wrong order are refused: answers that come late would be lost."""
    with pytest.raises(ValueError, match="read time-out"):
        Timeouts(operation=20, read=22)
    with pytest.raises(ValueError, match="read time-out"):
        Timeouts(poll=28, operation=20, read=30)


def test_a_record_becomes_an_endpoint() -> None:
    """A host record's version is part of the key, so sessions of an old record are not used; JEA is preinstalled."""
    record = {
        "id": "host_1",
        "version": 7,
        "address": "10.0.0.5",
        "port": 5986,
        "scheme": "https",
        "auth": "basic",
        "username": "svc",
        "configuration_name": "Matryoshka",
        "limits": {"max_sessions": 3},
    }

    endpoint = endpoint_of(record, SecretStr("pw"))

    quota = endpoint_of({**record, "report": {"max_shells_per_user": 4}}, SecretStr("pw"))

    assert 2 == quota.max_sessions
    assert ("host_1@7", 3, True) == (endpoint.key, endpoint.max_sessions, endpoint.is_preinstalled)
    assert "pw" not in repr(endpoint)
