"""All shells of a simulated host: who may use which, how many a user may have, and when they are deleted."""

from __future__ import annotations

import threading

from sandbox import codes
from sandbox.shell_port import AnyShell


class ShellTable:
    """All shells of a host by id. Safe to use from several threads."""

    def __init__(self, shells_per_user: int) -> None:
        self.shells_per_user = shells_per_user
        self._lock = threading.Lock()
        self._shells: dict[str, AnyShell] = {}

    def add(self, shell: AnyShell) -> None:
        """Keep a new shell.

        Raises:
            WSManFault: the ShellId is in use, or the user has too many shells.
        """
        self.purge()
        identity = shell.identity
        with self._lock:
            if identity.shell_id in self._shells:
                raise codes.duplicate("ShellId", identity.shell_id)
            owned = sum(other.identity.user == identity.user for other in self._shells.values())
            if owned >= self.shells_per_user:
                raise codes.shells_quota(self.shells_per_user)
            self._shells[identity.shell_id] = shell

    def find(self, shell_id: str, user: str) -> AnyShell:
        """The living shell of an id.

        Raises:
            WSManFault: unknown or expired; or it belongs to another user.
        """
        with self._lock:
            shell = self._shells.get(shell_id)
        if shell is None or shell.presence.is_expired():
            raise codes.unknown_shell(shell_id)
        if shell.identity.user != user:
            raise codes.access_denied()
        return shell

    def of_user(self, user: str) -> list[AnyShell]:
        """The shells that a user created."""
        self.purge()
        with self._lock:
            return [shell for shell in self._shells.values() if shell.identity.user == user]

    def all(self) -> list[AnyShell]:
        """Every shell."""
        with self._lock:
            return list(self._shells.values())

    def remove(self, shell_id: str) -> None:
        """Delete a shell; nothing happens when it is unknown."""
        with self._lock:
            shell = self._shells.pop(shell_id, None)
        if shell is not None:
            shell.close()

    def purge(self) -> None:
        """Delete the shells whose IdleTimeout has passed."""
        for shell in self.all():
            if shell.presence.is_expired():
                self.remove(shell.identity.shell_id)

    def clear(self) -> None:
        """Delete all shells: the host went down."""
        for shell in self.all():
            self.remove(shell.identity.shell_id)
