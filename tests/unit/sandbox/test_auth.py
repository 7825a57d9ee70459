"""Accounts and the logon of one connection, NTLM included, without a socket."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import spnego

from sandbox import sealing
from sandbox.accounts import Account, Accounts
from sandbox.auth import ConnectionAuth, Verdict

ALL = frozenset({"basic", "negotiate", "certificate"})


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    """Two accounts, known to NTLM as well."""
    monkeypatch.setenv("NTLM_USER_FILE", "")
    accounts = Accounts([Account("Administrator", "pass:word"), Account("bob", "bobs")])
    accounts.write_ntlm_file(tmp_path / "users", [".", "HV1"])
    return accounts


def basic(user: str, password: str) -> str:
    """A Basic header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("user", ["Administrator", "administrator", "HV1\\Administrator", "administrator@hv1"])
def test_basic_takes_every_form_of_a_name(accounts: Accounts, user: str) -> None:
    """Account names have no case and may carry a domain."""
    verdict = ConnectionAuth(accounts, ALL).check(basic(user, "pass:word"))

    assert verdict.account is not None
    assert "Administrator" == verdict.account.name


@pytest.mark.parametrize("header", [basic("Administrator", "x"), basic("Administrator", ""), "Basic !", "Bearer x", ""])
def test_anything_else_is_refused_with_the_offers(accounts: Accounts, header: str) -> None:
    """A 401 lists Negotiate and Basic, in this order."""
    expected = Verdict(None, ("Negotiate", 'Basic realm="WSMAN"'))

    assert expected == ConnectionAuth(accounts, ALL).check(header)


def test_schemes_can_be_switched_off(accounts: Accounts) -> None:
    """A scheme that is off is neither offered nor taken."""
    auth = ConnectionAuth(accounts, frozenset({"negotiate"}))

    assert Verdict(None, ("Negotiate",)) == auth.check(basic("Administrator", "pass:word"))


def test_a_certificate_names_an_account(accounts: Accounts) -> None:
    """The mutual scheme counts only with a verified certificate of a known account."""
    mutual = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"

    assert ConnectionAuth(accounts, ALL, "bob").check(mutual).account == accounts.find("bob")
    assert ConnectionAuth(accounts, ALL, "eve").check(mutual).account is None
    assert ConnectionAuth(accounts, ALL).check(mutual).account is None


def negotiate(auth: ConnectionAuth, user: str, password: str, protocol: str = "negotiate") -> tuple[object, Verdict]:
    """The whole handshake of a client; the client context and the last verdict."""
    client = spnego.client(
        user,
        password,
        hostname="127.0.0.1",
        service="host",
        protocol=protocol,
        options=spnego.NegotiateOptions.wrapping_winrm,
    )
    token = client.step()
    verdict = Verdict(None)
    while token:
        verdict = auth.check("Negotiate " + base64.b64encode(token).decode())
        answer = verdict.challenges[0].partition(" ")[2] if verdict.challenges else ""
        token = client.step(base64.b64decode(answer)) if answer else None
    return client, verdict


@pytest.mark.parametrize("protocol", ["negotiate", "ntlm"])
@pytest.mark.parametrize("user", ["Administrator", "HV1\\administrator", ".\\Administrator"])
def test_negotiate_logs_the_connection_on_and_seals(accounts: Accounts, user: str, protocol: str) -> None:
    """After the handshake requests need no header, and messages are sealed both ways."""
    auth = ConnectionAuth(accounts, ALL)
    client, verdict = negotiate(auth, user, "pass:word", protocol)
    wrapped = client.wrap_winrm(b"<hello/>")  # type: ignore[attr-defined]
    body = (
        b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
        b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=8\r\n--Encrypted Boundary\r\n"
        b"\tContent-Type: application/octet-stream\r\n"
        + len(wrapped.header).to_bytes(4, "little")
        + wrapped.header
        + wrapped.data
        + b"--Encrypted Boundary--\r\n"
    )

    assert verdict.account == accounts.find("Administrator") == auth.check("").account
    assert b"<hello/>" == sealing.unseal(auth.context, body)


def test_negotiate_refuses_a_wrong_password(accounts: Accounts) -> None:
    """A wrong password ends in the offers again, and the connection is not logged on."""
    auth = ConnectionAuth(accounts, ALL)
    _, verdict = negotiate(auth, "Administrator", "wrong")

    assert (None, None) == (verdict.account, auth.check("").account)


@pytest.mark.parametrize("body", [b"", b"<s:Envelope/>", b"--Encrypted Boundary\r\nx"])
def test_a_body_that_is_not_sealed_cannot_be_opened(body: bytes) -> None:
    """Anything but the multipart form is a SealError."""
    with pytest.raises(sealing.SealError):
        sealing.unseal(None, body)


def test_the_ntlm_file_holds_no_password(accounts: Accounts, tmp_path: Path) -> None:
    """The file for NTLM has hashes and is private."""
    path = tmp_path / "users"

    assert "pass:word" not in path.read_text()
    assert 0 == path.stat().st_mode & 0o077
