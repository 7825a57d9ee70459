"""The command in a real terminal of 80 columns, beside a real API: tables, colours, questions, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli_kit import Shell, running_shell
from tests.terminal_kit import terminal


@pytest.fixture(scope="module")
def shell(file_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """One API for the tests of this file."""
    with running_shell(file_url, tmp_path_factory.mktemp("cli")) as one:
        yield one


def test_tables_fit_and_have_colours(shell: Shell) -> None:
    """In a terminal a list is a table of at most 80 columns with colours; NO_COLOR and --no-color take them away."""
    job = shell.json("submit", "inspect-host", "--host", "hv1")
    shell.json("jobs", "cancel", job["id"])
    seen = {}
    for name, environ, options in (("", {}, ()), ("NO_COLOR", {"NO_COLOR": "1"}, ()), ("option", {}, ("--no-color",))):
        with terminal({**shell.environ, **environ}, "jobs", "list", *options) as one:
            assert 0 == one.end()
            seen[name] = one

    assert [True, False, False] == [one.has_colours for one in seen.values()]
    assert b"\x1b" not in seen["NO_COLOR"].raw
    for one in seen.values():
        assert ["ID", "KIND", "STATE", "DONE", "AGE"] == one.lines[0].split()[:5]
        assert re.match(rf"{job['id']}  inspect_host  cancelled  0% +\d+s", one.lines[1])
        assert max(map(len, one.lines)) <= 80


def test_a_pipe_has_no_escapes(shell: Shell) -> None:
    """What a program reads has neither colours nor boxes, whatever the terminal could show."""
    for arguments in (("hosts", "list"), ("hosts", "show", "hv1"), ("images", "list"), ("hosts", "show", "nobody")):
        done = shell.run(*arguments, TERM="xterm-256color")

        assert (done.stdout + done.stderr).isprintable() is False  # there are lines
        assert "\x1b" not in done.stdout + done.stderr


def test_deleting_asks_a_person(shell: Shell) -> None:
    """In a terminal a no leaves everything as it is; a yes, or --yes, goes on."""
    shell.json("images", "add", "--name", "old", "--path", r"C:\Images\old.vhdx", "--sha256", "b" * 64)
    with terminal(shell.environ, "images", "delete", "old") as no:
        no.until(lambda: "[y/N]" in no.text, "the question")
        no.process.sendline("n")
        assert 130 == no.end()
    assert 0 == shell.run("images", "show", "old").returncode

    with terminal(shell.environ, "images", "delete", "old") as yes:
        yes.until(lambda: "[y/N]" in yes.text, "the question")
        yes.process.sendline("y")
        assert 0 == yes.end()
    assert 6 == shell.run("images", "show", "old").returncode


def test_a_key_is_typed_unseen(shell: Shell, tmp_path: Path) -> None:
    """The API key of a profile is asked for, never shown, and works; nobody else can read where it is kept."""
    environ = {**shell.environ, "XDG_CONFIG_HOME": str(tmp_path), "MATRYOSHKA_API_KEY": "", "MATRYOSHKA_URL": ""}
    with terminal(environ, "profiles", "add", "lab", "--url", shell.served.url, "--store", "file") as seen:
        seen.until(lambda: "API key" in seen.text, "the question")
        seen.process.waitnoecho()
        seen.process.sendline(shell.served.key)
        assert 0 == seen.end()

    assert shell.served.key.encode() not in seen.raw
    assert 0o600 == (tmp_path / "matryoshka" / "keys" / "lab").stat().st_mode & 0o777
    ours = {name: environ[name] for name in ("XDG_CONFIG_HOME", "MATRYOSHKA_URL", "MATRYOSHKA_API_KEY")}
    assert 0 == shell.run("hosts", "list", **ours).returncode
