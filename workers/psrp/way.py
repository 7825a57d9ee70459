"""What may be asked about the way to a host, one stage after the other, before any function is called on it.

No stage sends a credential but `log_on` and what comes after it; their callers must have seen a good `present` first.
Nothing found is an answer, not an exception: only `log_on` and `open_shell` raise WorkerErrors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Place:
    """What the host's record says of the way to it. `pinned`: it brings its own authority (ca_pem)."""

    address: str
    port: int
    scheme: str
    auth: str
    username: str
    configuration_name: str = ""
    pinned: bool = False


@dataclass(frozen=True)
class Resolved:
    """The addresses of a name. Without any, `error` is `unknown` or `no_answer` (the resolver did not answer)."""

    addresses: Sequence[str] = ()
    error: str = ""


@dataclass(frozen=True)
class Reached:
    """The address that took a TCP connection, '' for none, and what each one tried answered.

    An answer is `open`, `refused`, `no_answer` (nothing came in time), `no_route` or `broken`.
    """

    address: str = ""
    seconds: float = 0.0
    tried: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Certificate:
    """A certificate that a host presented. Times are seconds since 1970; `thumbprint` is SHA-1, as Windows shows it."""

    subject: str
    issuer: str
    names: Sequence[str]
    not_before: float
    not_after: float
    thumbprint: str
    sha256: str
    self_signed: bool
    for_servers: bool
    pem: str


@dataclass(frozen=True)
class Presented:
    """What answered the TLS handshake. No HTTP was spoken.

    `spoken`: TLS is there at all. `plain`: HTTP without TLS is. `faults` is empty for a certificate that the workers
    trust, else the words of those that were found: `expired`, `not_yet_valid`, `self_signed`, `unknown_authority`,
    `wrong_name`, `refused` (anything else, see `reason`).
    """

    spoken: bool
    plain: bool = False
    reason: str = ""
    version: str = ""
    certificate: Certificate | None = None
    faults: Sequence[str] = ()


@dataclass(frozen=True)
class Offered:
    """What WinRM answers a request without a credential: HTTP status (0: no answer) and the logon schemes it names."""

    status: int
    schemes: Sequence[str] = ()
    server: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Shipped:
    """The module that this worker ships: version, hash of its text, and the functions that it exports."""

    version: str
    sha256: str
    functions: frozenset[str]


class WayPort(Protocol):
    """The way to one host, during one claim."""

    @property
    def place(self) -> Place:
        """What the record says; opens no secret."""

    def resolve(self) -> Resolved:
        """Look the record's address up."""

    def connect(self, addresses: Sequence[str]) -> Reached:
        """Open a TCP connection to the first address that takes one, and close it."""

    def present(self) -> Presented:
        """Shake hands by TLS and judge the certificate exactly as a session of this worker would."""

    def ask(self) -> Offered:
        """Post to the WSMan address without a credential."""

    def log_on(self) -> None:
        """Log on once and ask for WinRM's settings; any answer will do. Raises a WorkerError when there is none."""

    def open_shell(self) -> None:
        """Open a shell at the record's session configuration and delete it. Raises a WorkerError."""

    def visible_functions(self) -> frozenset[str] | None:
        """Return the module's functions that can be called there by name; None when the host does not tell."""

    def shipped(self) -> Shipped:
        """Return the module that this worker ships."""
