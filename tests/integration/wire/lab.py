"""A site with a stub machine and how pypsrp reaches it in each mode."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from sandbox.accounts import Account, Accounts
from sandbox.faults import Fault
from sandbox.site import Site
from sandbox.tls import TlsFiles
from tests.unit.sandbox.stub import StubHost

PASSWORD = "S3cret:pass word"
MODES = ("basic", "ntlm", "tls", "tls-negotiate", "tls-certificate")
RUNNING = PSInvocationState.RUNNING
COMPLETED, STOPPED, FAILED = 4, 3, 5


@dataclass
class Lab:
    """A running site and how to reach it."""

    site: Site
    files: TlsFiles
    mode: str

    @property
    def host(self) -> StubHost:
        """The stub machine."""
        found = self.site.hosts[0].host
        assert isinstance(found, StubHost)
        return found

    def options(self, **changes: Any) -> dict[str, Any]:
        """The arguments of WSMan or Client for this mode."""
        options: dict[str, Any] = {
            "port": self.site.hosts[0].port,
            "username": "Administrator",
            "password": PASSWORD,
            "ssl": self.mode.startswith("tls"),
            "no_proxy": True,
        }
        if options["ssl"]:
            options["cert_validation"] = str(self.files.ca)
        options.update(
            {
                "basic": {"auth": "basic", "encryption": "never"},
                "ntlm": {"auth": "negotiate"},
                "tls": {"auth": "basic"},
                "tls-negotiate": {"auth": "negotiate"},
                "tls-certificate": {
                    "auth": "certificate",
                    "certificate_pem": str(self.files.client),
                    "certificate_key_pem": str(self.files.client_key),
                },
            }[self.mode]
        )
        return {**options, **changes}

    @contextmanager
    def wsman(self, **changes: Any) -> Iterator[WSMan]:
        """A connection that is closed at the end."""
        connection = WSMan("127.0.0.1", **self.options(**changes))
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def pool(self, **changes: Any) -> Iterator[RunspacePool]:
        """An open pool that is closed at the end."""
        with self.wsman(**changes) as connection, RunspacePool(connection) as pool:
            yield pool

    def fault(self, kind: str, **fields: Any) -> None:
        """Put a rule in force."""
        self.site.faults.add(Fault(kind, **fields))


MakeLab = Callable[..., Lab]


def accounts() -> Accounts:
    """An administrator, an operator and a standard user."""
    return Accounts(
        [
            Account("Administrator", PASSWORD),
            Account("operator", "op-pass", "operator"),
            Account("nobody", "no-pass", "standard"),
        ]
    )


def run(pool: RunspacePool, name: str, **parameters: Any) -> PowerShell:
    """Run one command to its end and free its id."""
    shell = PowerShell(pool)
    shell.add_cmdlet(name).add_parameters(parameters)
    shell.invoke()
    shell.close()
    return shell


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something to become true; fail when it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
