"""The module's source: the same text and hash as on the host, sent only when it is needed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workers.errors import HostMisconfigured, RemoteError
from workers.psrp.invoke import Invocation, Outcome
from workers.psrp.module import ModuleSource, ensure_module, module_source

_SOURCE = ModuleSource("text", "aa11", "param($Source, $Sha256)")
_UNKNOWN = RemoteError("no", error_id="CommandNotFoundException", category="ObjectNotFound")


def test_the_source_is_private_then_public_by_name(tmp_path: Path) -> None:
    """Files are joined in ordinal order with line feeds; byte order marks and carriage returns change nothing."""
    for name, content in {
        "Private/b.ps1": "b\r\n",
        "Private/B.ps1": "\ufeffB\n",
        "Public/a.ps1": "a\n",
        "Public/notes.txt": "no",
    }.items():
        path = tmp_path / "Matryoshka" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    (tmp_path / "bootstrap.ps1").write_text("boot")

    source = module_source(tmp_path)

    assert "B\n\nb\n\na\n" == source.text
    assert hashlib.sha256(source.text.encode()).hexdigest() == source.sha256
    assert "boot" == source.bootstrap


def test_the_shipped_module_is_small_enough_for_one_message() -> None:
    """It travels as one parameter: far below the 8 MB at which the client gets slow."""
    source = module_source()

    assert "function Invoke-NestedCall" in source.text
    assert len(source.text) < 2_000_000


@dataclass
class FakeEndpoint:
    """Only what the loader looks at."""

    is_preinstalled: bool = False


def _session(**fields: Any) -> Any:
    return SimpleNamespace(module_checked=False, endpoint=FakeEndpoint(**fields))


class Host:
    """A host that has a module of some hash, or none, and takes what it is sent."""

    def __init__(self, sha256: str | None) -> None:
        self.sha256 = sha256
        self.calls: list[Invocation] = []
        self.refuses = False

    def run(self, invocation: Invocation) -> Outcome:
        """Answer the loader's two calls."""
        self.calls.append(invocation)
        if invocation.script:
            return Outcome(
                [], [RemoteError("x", error_id="Matryoshka.ModuleRefused")] if self.refuses else [], failed=self.refuses
            )
        if self.sha256 is None:
            return Outcome([], [_UNKNOWN], failed=True)
        return Outcome([{"Sha256": self.sha256}], [], failed=False)

    def names(self) -> list[str]:
        """Return what was called."""
        return [call.name for call in self.calls]


@pytest.mark.parametrize(("there", "sent"), [(None, True), ("bb22", True), ("AA11", False)])
def test_the_module_is_sent_unless_this_very_one_is_there(there: str | None, sent: bool) -> None:
    """No module or another one: it is sent, as parameters of a static script. The same one: nothing."""
    host, session = Host(there), _session()

    ensure_module(session, host.run, lambda: _SOURCE)
    ensure_module(session, host.run, lambda: _SOURCE)

    assert (["Get-NestedModuleInfo", "bootstrap.ps1"] if sent else ["Get-NestedModuleInfo"]) == host.names()
    if sent:
        assert {"source": "text", "sha256": "aa11"} == host.calls[-1].parameters
        assert _SOURCE.bootstrap == host.calls[-1].script


def test_nothing_is_ever_sent_to_a_preinstalled_endpoint() -> None:
    """A JEA endpoint takes function names only; whatever version is there is used, none is an error."""
    other = Host("bb22")
    ensure_module(_session(is_preinstalled=True), other.run, lambda: _SOURCE)
    assert ["Get-NestedModuleInfo"] == other.names()

    with pytest.raises(HostMisconfigured):
        ensure_module(_session(is_preinstalled=True), Host(None).run, lambda: _SOURCE)


def test_a_refused_module_says_why() -> None:
    """A host that refuses the text (hash, language mode) ends in a configuration error with its id."""
    host = Host(None)
    host.refuses = True

    with pytest.raises(HostMisconfigured, match=r"Matryoshka\.ModuleRefused"):
        ensure_module(_session(), host.run, lambda: replace(_SOURCE))


def test_other_errors_are_not_taken_for_a_missing_module() -> None:
    """Only CommandNotFoundException means that the module is not there."""
    denied = RemoteError("no", error_id="UnauthorizedAccess", category="PermissionDenied")

    with pytest.raises(RemoteError):
        ensure_module(_session(), lambda _: Outcome([], [denied], failed=True), lambda: _SOURCE)
