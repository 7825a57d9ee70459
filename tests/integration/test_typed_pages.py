"""What operators type, page by page: every `matryoshka` command of these pages is run, in its order, and succeeds."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import matryoshka
from tests.conftest import ROOT
from tests.integration.api_kit import HOST, Served, served_api
from tests.pages.commands import logical_lines
from tests.pages.markdown import blocks

PAGES = (
    "README.md",
    "docs/tenants.md",
    "docs/audit.md",
    "docs/placement.md",
    "docs/deployment.md",
    "docs/operations.md",
    "docs/connect-host.md",
)
_SHELLS = ("", "sh", "bash")
_WITH_WORKER = re.compile(r"examples/|hosts test")  # run by test_quickstart_page.py and test_cli_hosts.py
_ASKED = "a password that is asked for\n" * 2


@pytest.fixture
def served(redis_url: str, tmp_path: Path) -> Iterator[Served]:
    """A real API process."""
    with served_api(redis_url, tmp_path) as one:
        yield one


def _commands(page: str) -> list[str]:
    """Return the commands of a page that are ours, without what is only shown beside them and what needs a worker."""
    lines = [line for one in blocks(ROOT / page) if one.language in _SHELLS for line in logical_lines(one.code)]
    parts = [part.strip() for line in lines for part in re.split(r"&&|\|\|", line)]
    return [part for part in parts if re.match(r"(?:\.venv/bin/)?matryoshka ", part) and not _WITH_WORKER.search(part)]


def _run(command: str, environ: Mapping[str, str]) -> Result:
    text, _, target = command.partition(" > ")
    words = shlex.split(text)[1:]
    done = CliRunner(env=dict(environ)).invoke(matryoshka, words, input=_ASKED)
    if target:
        Path(target).write_text(done.stdout, encoding="utf-8")
    return done


def _filled(command: str, values: Mapping[str, str]) -> str:
    for shown, real in values.items():
        command = command.replace(shown, real)
    return command


def test_every_command_succeeds(
    served: Served, redis_url: str, file_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who types the commands of a page after one another gets an answer from each."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "MATRYOSHKA_URL": served.url,
        "MATRYOSHKA_API_KEY": served.key,
        "MATRYOSHKA_REDIS_URL": redis_url,
    }
    host = served.call("POST", "/v1/hosts", json={**HOST, "name": "other"}).json()["id"]
    head = re.search(r"\d+:[0-9a-f]{64}", _run("matryoshka audit head", environ).output)
    failed = []
    for page in PAGES:
        folder = _folder(tmp_path, page)
        monkeypatch.chdir(folder)  # where the files of a page are written
        values = {
            "/etc/matryoshka": str(folder / "etc"),
            "deploy/keys": str(folder / "keys"),
            "/backup/": f"{folder}/",
            "$(date +%F)": "2026-01-31",
            "host_01...": host,
            "1234:6f0c...": head[0] if head else "",
            "--sha256 ...": f"--sha256 {'ab' * 32}",
        }
        commands = _commands(page)
        assert commands, page
        # A backup is restored into another ledger, which is empty.
        fresh = {**environ, "MATRYOSHKA_REDIS_URL": file_url}
        ended = [
            (command, _run(_filled(command, values), fresh if " restore " in command else environ))
            for command in commands
        ]
        failed += [(page, command, done.output[-500:]) for command, done in ended if done.exit_code]

    assert [] == failed


def _folder(above: Path, page: str) -> Path:
    folder = above / page.replace("/", "-")
    for name in ("etc", "keys"):
        (folder / name).mkdir(parents=True)
    (folder / "matryoshka.pem").write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    (folder / "password").write_text("a password of a host\n")
    return folder
