"""The types that the wire and the machine share: commands in, streams out.

Values are native Python: str, int, float, bool, None, list, dict, SecretText (SecureString), Credential
(PSCredential), UUID.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.machine.errors import PsError


@dataclass(frozen=True)
class SecretText:
    """A SecureString. Its text is not shown by repr."""

    value: str = field(repr=False)


@dataclass(frozen=True)
class Credential:
    """A PSCredential."""

    username: str
    password: SecretText


@dataclass(frozen=True)
class Command:
    """One command of a pipeline. `name` is the script text when `is_script`."""

    name: str
    is_script: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    positional: Sequence[Any] = ()


class Streams(Protocol):
    """Where a running command writes; given by the wire."""

    def output(self, obj: Any) -> None:
        """One object of the success stream; a dict becomes a PSCustomObject, order kept."""

    def progress(self, activity: str, status: str, percent: int) -> None:
        """A progress record; percent -1 = unknown."""

    def warning(self, text: str) -> None:
        """A warning record."""

    def verbose(self, text: str) -> None:
        """A verbose record."""

    def information(self, text: str) -> None:
        """An information record (also what -WhatIf says)."""

    def error(self, error: PsError) -> None:
        """A non-terminating error record."""

    def stopped(self) -> bool:
        """True once the client asked to stop; asked at least every 50 ms of real time."""


class Runspace(Protocol):
    """One PSRP shell on a host. Safe to use from several threads."""

    def invoke(self, command: Command, streams: Streams) -> None:
        """Run one command to its end.

        Raises:
            PsError: a terminating error; `PipelineStopped` when `streams.stopped()` turned true.
            MachineLost: the host rebooted meanwhile: break the connection, answer nothing.
        """


class Host(Protocol):
    """A simulated Windows host as the wire sees it."""

    @property
    def name(self) -> str:
        """The computer name."""

    @property
    def build(self) -> int:
        """The OS build, for instance 20348."""

    @property
    def boot_id(self) -> str:
        """Changes at every boot: shells of an older boot are gone."""

    @property
    def is_up(self) -> bool:
        """False between the start of a reboot and its end: refuse connections."""

    def is_admin(self, user: str) -> bool:
        """Whether a network logon of this account has a full token (built-in Administrator, or LATFP = 1)."""

    def runspace(self, user: str, is_admin: bool) -> Runspace:
        """A new runspace; one per PSRP shell."""

    def reboot(self) -> None:
        """Restart the host now: running calls break, its VMs are cut off."""
