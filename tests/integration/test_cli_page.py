"""Every command of docs/cli.md, run in a real bash in the order of the page, beside a real API."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pexpect
import pytest

from service.cli import matryoshka
from tests.integration.api_kit import ROOT
from tests.integration.cli_kit import Shell, hands, running_shell

TEXT = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(language: str) -> str:
    return "\n".join(code for name, code in _BLOCK.findall(TEXT) if name == language)


def _seconds_of(claim: Any) -> float:
    """The cluster takes its time until it is cancelled, so that there is something to pause."""
    return 1.0 if claim.kind == "nested_cluster" and claim.generation == 1 and claim.phase == "forward" else 0.0


def test_every_command_of_the_page(redis_url: str, tmp_path: Path) -> None:
    """The page's commands do what they say from the first profile to the last exit code; none of them fails."""
    with running_shell(redis_url, tmp_path) as shell, hands(shell.served.store, _seconds_of):
        done = _bash(shell, _blocks("sh"))

    assert 0 == done.returncode, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    assert (tmp_path / "plan.json").stat().st_size
    assert "job.cancelled" in done.stdout
    assert "ended with" not in done.stdout


def _bash(shell: Shell, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script that ends at its first failure; `matryoshka` is this checkout's, `examples/` is beside it."""
    folder = shell.directory / "bin"
    folder.mkdir()
    program = folder / "matryoshka"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m service.cli "$@"\n')
    program.chmod(0o755)
    (shell.directory / "examples").symlink_to(ROOT / "examples")
    environ = {**shell.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    argv = ["bash", "--norc", "-euxo", "pipefail", "-c", script]
    return subprocess.run(
        argv, env=environ, cwd=shell.directory, capture_output=True, text=True, timeout=280, check=False
    )


def test_the_verbs_of_the_page_are_those_of_the_command() -> None:
    """The table of verbs names each verb of the groups that it lists, and no other."""
    rows = dict(re.findall(r"^\| `(jobs|labs|hosts|images|webhooks)` \| (.*) \|$", TEXT, re.MULTILINE))
    context = click.Context(matryoshka)

    assert 5 == len(rows)
    for name, row in rows.items():
        group = matryoshka.get_command(context, name)
        assert isinstance(group, click.Group)
        assert set(group.list_commands(context)) == set(re.findall(r"`([a-z]+)`", row)), name


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_completion_in_the_shell_itself(shell: str, tmp_path: Path) -> None:
    """The script of a shell is taken by that shell, and completes a verb there."""
    environ = _shell_environ(shell, tmp_path)
    asked = "COMP_WORDS=(matryoshka jobs li); COMP_CWORD=2; _matryoshka_completion matryoshka li jobs"
    script = {
        "bash": f'{_blocks("bash")}\n{asked}\necho "${{COMPREPLY[@]}}"',
        "fish": f"{_blocks('fish')}\ncomplete -C 'matryoshka jobs li'",
    }[shell]
    done = subprocess.run([shell, "-c", script], env=environ, capture_output=True, text=True, timeout=60, check=False)

    assert "list" in done.stdout, done.stderr


def test_tab_in_zsh(tmp_path: Path) -> None:
    """Zsh completes only at its prompt: a verb is typed by half there, and the Tab key writes the rest."""
    environ = {**_shell_environ("zsh", tmp_path), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    process = pexpect.spawn("zsh", ["-f", "-i"], env=environ, timeout=60, dimensions=(24, 200))
    try:
        process.sendline(
            f"autoload -Uz compinit; compinit -u; {_blocks('zsh').partition('#')[0].strip()}; echo READ''Y"
        )
        process.expect_exact("READY")
        # What was completed is printed, not run: echo is written before it.
        process.send("matryoshka jobs li\t\x01echo THE'' LINE \r")
        process.expect_exact("THE LINE matryoshka jobs list")
    finally:
        process.close(force=True)


def _shell_environ(shell: str, folder: Path) -> dict[str, str]:
    """Return the variables of a shell that finds `matryoshka`; its settings are in a folder of the test."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    program = folder / "matryoshka"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m service.cli "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder)}


def test_completion_in_powershell(pwsh: str, tmp_path: Path) -> None:
    """The script of the page completes verbs, options and choices in a real PowerShell, and leaves no variable."""
    program = tmp_path / "matryoshka"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m service.cli "$@"\n')
    program.chmod(0o755)
    lines = (
        "matryoshka jobs li",
        "matryoshka jobs list --stat",
        "matryoshka jobs list --state runn",
    )
    places = ", ".join(f"'{line}'" for line in lines)
    asked = (
        f"foreach ($line in {places}) {{ [System.Management.Automation.CommandCompletion]::CompleteInput("
        "$line, $line.Length, $null).CompletionMatches.CompletionText }\n"
        "[System.Management.Automation.CommandCompletion]::CompleteInput('matryoshka jobs li', 13, $null)"
        ".CompletionMatches.CompletionText\n"
        '"left:$env:_MATRYOSHKA_COMPLETE$env:COMP_WORDS"'
    )
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    argv = [pwsh, "-NoProfile", "-NonInteractive", "-Command", f"{_blocks('powershell')}\n{asked}"]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=120, check=False)

    assert ["list", "--state", "running", "jobs", "left:"] == done.stdout.split(), done.stderr


def test_ids_are_completed_and_a_silent_service_is_not_waited_for(redis_url: str, tmp_path: Path) -> None:
    """Names and ids come from the service; without one nothing is offered and nothing is said."""
    ask = {"COMP_WORDS": "matryoshka hosts show h", "COMP_CWORD": "3", "_MATRYOSHKA_COMPLETE": "bash_complete"}
    with running_shell(redis_url, tmp_path) as shell:
        there = shell.run(**ask)
        away = shell.run(**ask, MATRYOSHKA_URL="http://127.0.0.1:1")

    assert "plain,hv1" in there.stdout
    assert (0, "", "") == (away.returncode, away.stdout.strip(), away.stderr)
