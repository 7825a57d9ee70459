"""What the documents name exists: verbs of make and of the command line, parameters of the installer."""

from __future__ import annotations

import re
import subprocess

import click
import pytest

from service.cli import matryoshka
from tests.conftest import ROOT
from tests.rules.test_functions import parameters_of_script

TEXT = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md"))
# bin/matryoshka, `matryoshka or the start of an indented line; what follows is taken up to the end of the code.
_COMMAND = re.compile(r"(?:^ {4}(?:\S*/)?|`)matryoshka ([^`\n#]+)", re.MULTILINE)
_MAKE = re.compile(r"(?:^ {4}|`)make ([a-z-]+)", re.MULTILINE)
# Split, so that this file does not name what it looks for.
_OUTSIDE = ("facts" + "/", "/wor" + "k/", "../shar" + "ed", ".libr" + "ary")


def test_verbs_of_make_exist() -> None:
    """Each `make X` of the documents, and each verb that the README lists, is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    listed = re.search(r"`make help` lists them: (.*?)\. ", TEXT, re.DOTALL)
    assert listed is not None
    named = set(_MAKE.findall(TEXT)) | set(re.findall(r"`([a-z-]+)`", listed[1]))

    assert {"demo", "test", "up", "check"} <= named
    assert set() == named - targets


def _commands() -> list[str]:
    return [found.strip() for found in _COMMAND.findall(TEXT)]


def test_commands_are_found() -> None:
    """The rule below looks at something."""
    assert {"submit", "keys", "hosts", "images", "sealing-key"} <= {text.split()[0] for text in _commands()}


@pytest.mark.parametrize("text", _commands())
def test_commands_and_options_exist(text: str) -> None:
    """Each `matryoshka X ...` is a command that click knows, with these options."""
    command: click.Command = matryoshka
    words = text.split()
    context = click.Context(command)
    while isinstance(command, click.Group):
        word = words.pop(0)
        # What is no job kind behind `submit` is a file.
        found = command.get_command(context, word) or getattr(command, "of_file", None)
        assert found is not None, word
        command = found
    known = {name for parameter in command.get_params(context) for name in parameter.opts}

    assert set() == {word for word in words if word.startswith("--")} - known


def test_parameters_of_the_installer_exist() -> None:
    """Each -Parameter of Install-Matryoshka.ps1 that the README names is in its param block."""
    script = (ROOT / "deploy" / "windows" / "Install-Matryoshka.ps1").read_text(encoding="utf-8-sig")
    section = re.search(r"^## Point it at a real host\n(.*?)^Then run", TEXT, re.MULTILINE | re.DOTALL)
    assert section is not None
    named = set(re.findall(r"(?:`| )-([A-Z][A-Za-z]+)", section[1]))

    assert {"HttpsListener", "RemoteAddress"} <= named
    assert set() == named - parameters_of_script(script) - {"WhatIf"}


def test_the_project_stands_alone() -> None:
    """No file names a place outside the checkout; only .ci/run may look beside it for a PowerShell engine."""
    argv = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    paths = [ROOT / name for name in listed if name and name != ".ci/run"]
    assert len(paths) > 300
    files = {path: path.read_bytes().decode(errors="replace") for path in paths if path.is_file()}

    assert [] == [(str(path), word) for path, text in files.items() for word in _OUTSIDE if word in text]
