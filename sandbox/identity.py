"""What a shell is from its Create on, and the numbers that bound it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ShellIdentity:
    """What a shell is from its Create on. Times in seconds; `user` is the account, `owner` has the domain, too."""

    shell_id: str
    user: str
    owner: str
    resource_uri: str
    client_ip: str
    process_id: int
    idle_timeout_seconds: float
    created_at: float
    name: str = ""


@dataclass(frozen=True)
class ShellRules:
    """Numbers a test may change. Windows: 60 s without traffic, 1000 commands a shell (docs/sources.md P5, H17)."""

    idle_disconnect_seconds: float = 60.0
    commands_per_shell: int = 1000
