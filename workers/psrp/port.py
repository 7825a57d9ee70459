"""What a step may ask of a host: the one seam between the steps and PowerShell remoting.

Parameters are given in snake_case and become PascalCase (`vm_id` -> `VMId`, `memory_mib` -> `MemoryMib`); `None`
leaves a parameter out. Types: `str`, `bool` (also switches), `int` (Int32, or Int64 where it must be), `float`, lists,
dicts (a hashtable, keys as they are), `uuid.UUID` or any `vm_id` (System.Guid), `SecretStr` (SecureString),
`Credential` (PSCredential). Answers are dicts with snake_case keys at every level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from workers.psrp.way import WayPort
from workers.secrets import Credential, SecretStr

__all__ = ["Credential", "GuestTarget", "HostPort", "SecretStr"]


@dataclass(frozen=True)
class GuestTarget:
    """A guest and how to log on to it.

    `credential` names the secret that holds the password (`guest_administrator`). With a `computer_name` the host talks
    WinRM to it, else PowerShell Direct to the VM.
    """

    vm_id: str
    credential: str = "guest_administrator"
    computer_name: str = ""
    username: str = "Administrator"


class HostPort(Protocol):
    """One host, or one guest of it, during one claim. Verbs raise WorkerErrors; a failed function is a RemoteError."""

    def read(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Call a function that changes nothing, without the journal. Safe to repeat."""

    def change(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Call a function that changes something, under the journal: a repeat answers the recorded result."""

    def call(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Call a function of the host directly (Wait-NestedNode, Wait-NestedGuest, Get-NestedCall)."""

    def guest(self, target: GuestTarget) -> HostPort:
        """Return the same verbs for a guest; its changes are journaled in the guest."""

    def way(self) -> WayPort:
        """Return the way to the host, to be looked at stage by stage."""
