"""The first words with WinRM: what it offers to a stranger, and whether it takes the record's credential."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import requests
from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import WSMan, WSManAction

from workers.psrp.classify import wire_errors
from workers.psrp.transport import Endpoint, Timeouts, open_connection
from workers.psrp.way import Offered

_CONFIG_URI = "http://schemas.microsoft.com/wbem/wsman/1/config"
_SOAP = {"Content-Type": "application/soap+xml;charset=UTF-8", "User-Agent": "Matryoshka"}
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][A-Za-z0-9-]*)(?=\s|,|$)")


def ask_without_credential(url: str, verify: str, timeouts: Timeouts) -> Offered:
    """Post an empty message without a credential; WinRM answers 401 and names the logon schemes that it takes."""
    with requests.Session() as session:
        # Neither a proxy nor a password of .netrc: the environment is not asked.
        session.trust_env = False
        wait = (timeouts.connect, timeouts.read)
        try:
            answer = session.post(url, data=b"", headers=_SOAP, verify=verify, timeout=wait, allow_redirects=False)
        except requests.RequestException as error:
            return Offered(0, reason=type(error).__name__)
    return Offered(answer.status_code, schemes_of(answer.headers.get("WWW-Authenticate", "")), _server(answer))


def schemes_of(header: str) -> tuple[str, ...]:
    """Return the scheme names of a WWW-Authenticate field; several fields come joined by commas."""
    plain = re.sub(r'"[^"]*"', '""', header)
    return tuple(dict.fromkeys(_SCHEME.findall(plain)))


def log_on(
    endpoint: Endpoint, timeouts: Timeouts, connect: Callable[[Endpoint, Timeouts], WSMan] = open_connection
) -> None:
    """Log on once and ask for WinRM's settings: also a refusal of that question says that the credential was taken.

    Raises AccessDenied when it was not, and what the wire raises.
    """
    with wire_errors():
        connection: Any = connect(endpoint, timeouts)
        try:
            connection.invoke(WSManAction.GET, _CONFIG_URI, None)
        except WSManFaultError:
            return
        finally:
            connection.close()


def _server(answer: requests.Response) -> str:
    return str(answer.headers.get("Server", ""))[:100]
