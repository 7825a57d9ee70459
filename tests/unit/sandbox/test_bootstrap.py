"""The script that loads the module, known by its hash, and the session before and after it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from sandbox.bootstrap import BOOTSTRAP_SHA256, ModuleSession
from sandbox.machine import Command, PsError
from sandbox.scripts import sha256_of

SHIPPED = Path(__file__).resolve().parents[3] / "workers" / "powershell" / "bootstrap.ps1"
SOURCE = "function Get-NestedModuleInfo {}"
DIGEST = hashlib.sha256(SOURCE.encode()).hexdigest()


class Machine:
    """Answers every function with a record."""

    def invoke(self, command: Command, streams: Any) -> None:
        """One record."""
        streams.output({"Name": command.name, "Sha256": "machine"})


class Kept:
    """Streams that keep the output."""

    def __init__(self) -> None:
        self.objects: list[Any] = []

    def output(self, obj: Any) -> None:
        """Keep it."""
        self.objects.append(obj)

    def stopped(self) -> bool:
        """Never."""
        return False


def call(session: ModuleSession, command: Command) -> list[Any]:
    """Run a command; its output."""
    kept = Kept()
    session.invoke(command, kept)  # type: ignore[arg-type]
    return kept.objects


def load(session: ModuleSession, source: str = SOURCE, sha256: str = DIGEST) -> list[Any]:
    """Run the bootstrap script."""
    return call(session, Command("bootstrap.ps1", True, {"Source": source, "Sha256": sha256}))


def test_the_known_script_is_the_shipped_one() -> None:
    """When the shipped script changes, read it again and then change the constant."""
    assert sha256_of(SHIPPED.read_text(encoding="utf-8")) == BOOTSTRAP_SHA256


def test_functions_do_not_exist_before_the_module() -> None:
    """A session without the module does not know its functions; others run."""
    session = ModuleSession(Machine(), is_preinstalled=False)
    with pytest.raises(PsError) as missing:
        call(session, Command("Get-NestedModuleInfo"))

    assert "CommandNotFoundException" == missing.value.fqid
    assert [{"Name": "Get-VM", "Sha256": "machine"}] == call(session, Command("Get-VM"))


def test_the_script_loads_the_module_and_answers_its_hash() -> None:
    """After loading, the module's functions run, and its hash is that of what was sent."""
    session = ModuleSession(Machine(), is_preinstalled=False)
    expected = [{"Name": "Get-NestedModuleInfo", "Sha256": DIGEST}]

    assert expected == load(session, sha256=DIGEST.upper())
    assert DIGEST == call(session, Command("Get-NestedModuleInfo"))[0]["Sha256"]


def test_a_text_that_does_not_match_is_refused() -> None:
    """A wrong hash is Matryoshka.ModuleRefused, and nothing is loaded."""
    session = ModuleSession(Machine(), is_preinstalled=False)
    with pytest.raises(PsError) as refused:
        load(session, source="other")
    with pytest.raises(PsError):
        call(session, Command("Get-NestedModuleInfo"))

    assert ("Matryoshka.ModuleRefused", "InvalidData") == (refused.value.fqid, refused.value.category)


def test_a_preinstalled_module_answers_for_itself() -> None:
    """On a host with the module installed the functions are there from the start."""
    session = ModuleSession(Machine(), is_preinstalled=True)

    assert "machine" == call(session, Command("Get-NestedModuleInfo"))[0]["Sha256"]
