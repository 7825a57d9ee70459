"""The one script that the sandbox knows by its hash: the shipped bootstrap.ps1, which loads the module into a session.

Its text is static, so the hash says what it does: check the SHA-256 of the parameter Source, make the functions of the
module callable, answer Get-NestedModuleInfo. Before that they do not exist in the session, as on a real host.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from sandbox.machine import Command, PsError, Runspace, Streams
from sandbox.scripts import command_missing

# tests/unit/sandbox/test_bootstrap.py fails when the shipped script changes: read it again, then change this.
BOOTSTRAP_SHA256: Final = "dc022818b4bf53f774aaea942cd00863c6494c7f4c6f9dc8e263ee3edd6ae7b0"
_INFO: Final = "get-nestedmoduleinfo"
_MARK: Final = "-nested"
_FIND: Final = "get-command"


class ModuleSession:
    """A runspace in which the module may have to be loaded first. One a shell; safe to use from several threads."""

    def __init__(
        self, inner: Runspace, *, is_preinstalled: bool, hidden: Callable[[], frozenset[str]] = frozenset
    ) -> None:
        """`hidden` are functions that the endpoint does not offer, in lower case."""
        self._inner = inner
        self._hidden = hidden
        self._is_preinstalled = is_preinstalled
        self._sha256 = ""

    def invoke(self, command: Command, streams: Streams) -> None:
        """Run a command as `Runspace.invoke` does; a script is the bootstrap script."""
        if command.is_script:
            self._load(command, streams)
            return
        name = command.name.lower()
        if not self._offers(name):
            raise command_missing(command.name)
        if name == _FIND:
            self._inner.invoke(command, _Offered(streams, self._offers))
            return
        own = name == _INFO and bool(self._sha256)
        self._inner.invoke(command, _WithHash(streams, self._sha256) if own else streams)

    def _offers(self, name: str) -> bool:
        has_module = self._is_preinstalled or bool(self._sha256)
        return _MARK not in name or (has_module and name not in self._hidden())

    def _load(self, command: Command, streams: Streams) -> None:
        given = {name.lower(): value for name, value in command.parameters.items()}
        names = ("source", "sha256")
        source, announced = (str(given.get(name, value)) for name, value in zip(names, _two(command), strict=True))
        actual = hashlib.sha256(source.encode()).hexdigest()
        if actual != announced.lower():
            raise _refused(announced)
        self._sha256 = actual
        self.invoke(Command("Get-NestedModuleInfo"), streams)


class _Through:
    """Streams that hand everything on."""

    def __init__(self, inner: Streams) -> None:
        self._inner = inner

    def output(self, obj: Any) -> None:
        self._inner.output(obj)

    def progress(self, activity: str, status: str, percent: int) -> None:
        self._inner.progress(activity, status, percent)

    def warning(self, text: str) -> None:
        self._inner.warning(text)

    def verbose(self, text: str) -> None:
        self._inner.verbose(text)

    def information(self, text: str) -> None:
        self._inner.information(text)

    def error(self, error: PsError) -> None:
        self._inner.error(error)

    def stopped(self) -> bool:
        return self._inner.stopped()


class _WithHash(_Through):
    """Streams that put the loaded module's hash into the machine's answer."""

    def __init__(self, inner: Streams, sha256: str) -> None:
        super().__init__(inner)
        self._sha256 = sha256

    def output(self, obj: Any) -> None:
        self._inner.output({**obj, "Sha256": self._sha256} if isinstance(obj, dict) else obj)


class _Offered(_Through):
    """Streams that leave out what Get-Command does not see here."""

    def __init__(self, inner: Streams, offers: Callable[[str], bool]) -> None:
        super().__init__(inner)
        self._offers = offers

    def output(self, obj: Any) -> None:
        if self._offers(str(obj.get("Name", "")).lower()):
            self._inner.output(obj)


def _two(command: Command) -> tuple[Any, Any]:
    first, second, *_ = (*command.positional, "", "")
    return first, second


def _refused(announced: str) -> PsError:
    return PsError(
        "Matryoshka.ModuleRefused",
        "InvalidData",
        "The module that arrived is not the one that was announced.",
        exception_type="System.InvalidOperationException",
        hresult=0x80131509,
        target=announced,
    )
