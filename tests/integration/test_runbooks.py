"""Every `matryoshka` command of the runbooks is run where an alert would call for it, and helps."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.ledger.store import StepOutcome, StepResult
from tests.conftest import ROOT
from tests.integration.cli_kit import Shell, hands, running_shell
from tests.integration.ledger_kit import wait_until

_INSPECT = {"kind": "inspect_host", "host": {"name": "hv1"}}
_COMMAND = re.compile(r"`(matryoshka [^`]+)`")
_IS_PLACEHOLDER = re.compile(r"[A-Z]+(?:_[A-Z]+)*")


@dataclass(frozen=True)
class Scene:
    """An installation in which things went wrong: what stands for the words in capitals of a command."""

    shell: Shell
    waiting_job: str
    failed_job: str
    endpoint: str
    backup: str
    empty_redis_url: str

    def run(self, command: str) -> str:
        """Run a command of a page, filled; return why it failed, '' when it did not."""
        words = shlex.split(command)[1:]
        for_failed = words[:2] in (["jobs", "retry"], ["jobs", "show"])
        known = {
            "HOST": "hv1",
            "JOB_ID": self.failed_job if for_failed else self.waiting_job,
            "ENDPOINT_ID": self.endpoint,
            "TIME": "2026-01-01T00:00:00Z",
            "FILE": self.backup,
        }
        # A backup is restored into an empty ledger.
        environ = {"MATRYOSHKA_REDIS_URL": self.empty_redis_url} if words[0] == "restore" else {}
        needs_worker = words[:2] == ["hosts", "inspect"]
        filled = [known[word] if _IS_PLACEHOLDER.fullmatch(word) else word for word in words]
        with hands(self.shell.served.store) if needs_worker else nullcontext():
            done = self.shell.run(*filled, **environ)
        return "" if done.returncode == 0 else f"{command}: {done.stdout}{done.stderr}"


@pytest.fixture
def scene(redis_url: str, file_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A failed job, one that waits, an endpoint and a backup."""
    with running_shell(redis_url, tmp_path) as shell:
        endpoint = shell.json("webhooks", "add", "--url", "https://portal.example/hook")["id"]
        failed = shell.json("jobs", "submit", shell.file(_INSPECT))["id"]
        _fail(shell)
        wait_until(lambda: shell.served.call("GET", f"/v1/jobs/{failed}").json()["state"] == "failed")
        waiting = shell.json("jobs", "submit", shell.file(_INSPECT))["id"]
        backup = str(tmp_path / "backup")
        assert shell.run("backup", backup).returncode == 0
        yield Scene(shell, waiting, failed, endpoint, backup, file_url)


def _fail(shell: Shell) -> None:
    claim = shell.served.store.leases.claim("worker-1", 60)
    assert claim is not None
    shell.served.store.leases.finish(
        claim, StepResult(StepOutcome.FAILED, error={"code": "STEP_FAILED", "detail": "no"})
    )


def _commands() -> Mapping[str, list[str]]:
    pages = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
    found = {page.stem: _COMMAND.findall(page.read_text()) for page in pages}
    return {name: commands for name, commands in found.items() if commands}


def test_every_command_helps(scene: Scene) -> None:
    """Filled with what is there, each command of each page succeeds, in the pages' order."""
    commands = _commands()
    assert len(commands) > 8
    assert [] == [fault for page in commands.values() for one in page if (fault := scene.run(one))]
