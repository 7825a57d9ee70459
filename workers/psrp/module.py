"""Brings the Matryoshka PowerShell module into a session, once, and only when the host lacks this very version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workers.errors import HostMisconfigured, RemoteError
from workers.psrp.invoke import Invocation, Outcome
from workers.psrp.session import HostSession
from workers.psrp.values import single_object
from workers.psrp.way import Shipped

FOLDER = Path(__file__).resolve().parent.parent / "powershell"

_INFO = Invocation("Get-NestedModuleInfo")


@dataclass(frozen=True)
class ModuleSource:
    """The module as it is sent: its text, the SHA-256 of that text in UTF-8, and the static script that loads it."""

    text: str
    sha256: str
    bootstrap: str


def module_source(folder: Path = FOLDER) -> ModuleSource:
    """Return the module's source: every `.ps1` of Private, then of Public, each in the order of their names."""
    module = folder / "Matryoshka"
    parts = [_text(path) for part in ("Private", "Public") for path in sorted((module / part).glob("*.ps1"))]
    text = "\n".join(parts)
    return ModuleSource(text, hashlib.sha256(text.encode()).hexdigest(), _text(folder / "bootstrap.ps1"))


@cache
def shipped_source() -> ModuleSource:
    """Return the source that this installation ships; read once a process."""
    return module_source()


@cache
def shipped_module() -> Shipped:
    """Return what a host that has this release's module offers; read once a process."""
    manifest = _text(FOLDER / "Matryoshka" / "Matryoshka.psd1")
    version = re.search(r"ModuleVersion\s*=\s*'([^']+)'", manifest)
    names = frozenset(path.stem for path in (FOLDER / "Matryoshka" / "Public").glob("*.ps1"))
    return Shipped(version[1] if version else "", shipped_source().sha256, names)


def ensure_module(
    session: HostSession,
    run: Callable[[Invocation], Outcome],
    source: Callable[[], ModuleSource] = shipped_source,
) -> None:
    """Make the module's functions callable in the session; does nothing the second time.

    A preinstalled endpoint (JEA) takes function names only: there the module must already be in place, whatever its
    version. Raises HostMisconfigured when it is not, or when the host refuses what was sent.
    """
    if session.module_checked:
        return
    loaded = _loaded_sha256(run(_INFO))
    if session.endpoint.is_preinstalled:
        if loaded is None:
            raise HostMisconfigured("the endpoint does not offer the module: run deploy/windows on the host")
    elif loaded != source().sha256:
        _send(run, source())
    session.module_checked = True


def _loaded_sha256(outcome: Outcome) -> str | None:
    """Return the SHA-256 of the module that is there; None when there is none."""
    if outcome.failed or not outcome.output:
        _raise_unless_unknown_command(outcome.errors)
        return None
    return str(single_object(outcome.output, _INFO.name).get("Sha256") or "").lower()


def _raise_unless_unknown_command(errors: list[RemoteError]) -> None:
    for error in errors:
        if not error.is_id("CommandNotFoundException"):
            raise error


def _send(run: Callable[[Invocation], Outcome], source: ModuleSource) -> None:
    # The script checks the hash before it runs anything of the text.
    parameters = {"source": source.text, "sha256": source.sha256}
    outcome = run(Invocation("bootstrap.ps1", parameters, script=source.bootstrap))
    if outcome.failed:
        reason = outcome.errors[-1].error_id if outcome.errors else "no reason given"
        raise HostMisconfigured(f"the host refused the module: {reason}")


def _text(path: Path) -> str:
    # Windows editors write a byte order mark, git may write CRLF: the hash must not depend on either.
    return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
