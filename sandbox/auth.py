"""Logon on one TCP connection: Basic, Negotiate (NTLM) and client certificates. Negotiate belongs to its connection."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

import spnego
from spnego.exceptions import SpnegoError

from sandbox.accounts import Account, Accounts

BASIC: Final = "basic"
NEGOTIATE: Final = "negotiate"
CERTIFICATE: Final = "certificate"
SCHEMES: Final = (BASIC, NEGOTIATE, CERTIFICATE)
_MUTUAL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
_OFFERS: Final = {NEGOTIATE: "Negotiate", BASIC: 'Basic realm="WSMAN"'}
_NTLM: Final = b"NTLMSSP\x00"


@dataclass(frozen=True)
class Verdict:
    """The account, or None for a 401; and the WWW-Authenticate headers of the answer."""

    account: Account | None
    challenges: tuple[str, ...] = ()


class ConnectionAuth:
    """The logon state of one connection. `context` seals messages once Negotiate is complete.

    `attempts` counts the credentials that were shown.
    """

    def __init__(self, accounts: Accounts, schemes: frozenset[str], certificate_name: str = "") -> None:
        self._accounts = accounts
        self._schemes = schemes
        self._certificate_name = certificate_name
        self._pending: Any = None
        self._account: Account | None = None
        self.context: Any = None
        self.attempts = 0

    @property
    def refusal(self) -> Verdict:
        """The 401 that lists what is offered."""
        return Verdict(None, tuple(text for name, text in _OFFERS.items() if name in self._schemes))

    def check(self, header: str) -> Verdict:
        """Judge the Authorization header of a request; without one, the connection's own logon counts."""
        scheme, _, value = header.partition(" ")
        if not header:
            return Verdict(self._account) if self._account else self.refusal
        if header == _MUTUAL and CERTIFICATE in self._schemes:
            return self._decide(self._accounts.find(self._certificate_name) if self._certificate_name else None)
        if scheme.lower() == BASIC and BASIC in self._schemes:
            return self._basic(value)
        if scheme.lower() in (NEGOTIATE, "ntlm") and NEGOTIATE in self._schemes:
            return self._negotiate(scheme, value)
        return self.refusal

    def _decide(self, account: Account | None) -> Verdict:
        return Verdict(account) if account and self._accounts.may_log_on(account) else self.refusal

    def _basic(self, value: str) -> Verdict:
        self.attempts += 1
        try:
            user, _, password = base64.b64decode(value).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return self.refusal
        return self._decide(self._accounts.check(user, password))

    def _negotiate(self, scheme: str, value: str) -> Verdict:
        try:
            token = base64.b64decode(value)
            if self._pending is None:
                self._account, self.context = None, None
                self._pending = spnego.server(protocol="ntlm" if token.startswith(_NTLM) else "negotiate")
            else:
                self.attempts += 1  # its second token is the one that answers the challenge
            reply = self._pending.step(token)
        except (binascii.Error, SpnegoError, ValueError):
            self._pending = None
            return self.refusal
        if not self._pending.complete:
            return Verdict(None, (f"{scheme} {base64.b64encode(reply or b'').decode()}",))
        return self._logged_on(scheme, reply)

    def _logged_on(self, scheme: str, reply: bytes | None) -> Verdict:
        self.context, self._pending = self._pending, None
        self._account = self._accounts.find(str(self.context.client_principal or ""))
        if self._account is None or not self._accounts.may_log_on(self._account):
            self._account, self.context = None, None
            return self.refusal
        token = base64.b64encode(reply).decode() if reply else ""
        return Verdict(self._account, (f"{scheme} {token}",) if token else ())
