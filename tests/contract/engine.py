"""Runs scenarios on the PowerShell engine over the pretended Windows: a process a release, a runspace a scenario."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.contract import engine_state
from tests.contract.engine_files import hold_calls, uid_of
from tests.contract.engine_world import write_world
from tests.contract.scenario import Failure, Login, Outcome, Scenario, Secret, Step, Switched, VmId
from tests.contract.world import made_id
from tests.powershell.fakes.build import START, build
from workers.psrp.module import FOLDER, shipped_source

DRIVER = Path(__file__).resolve().parent / "Run-Scenarios.ps1"
_SECONDS = 300


@dataclass(frozen=True)
class Engine:
    """A PowerShell engine and a folder of its own; the pretended Windows is made in it once a release."""

    pwsh: str
    folder: Path

    def run(self, scenarios: Sequence[Scenario]) -> list[Outcome]:
        """The outcome of each scenario, in order. CalledProcessError when the engine itself fails."""
        outcomes: dict[int, Outcome] = {}
        for release in sorted({scenario.world.release for scenario in scenarios}):
            chosen = {number: one for number, one in enumerate(scenarios) if one.world.release == release}
            modules = self.folder / f"modules-{release}"
            if not modules.exists():
                build(self.pwsh, modules, release)
            batch = _Batch(self.pwsh, Path(tempfile.mkdtemp(dir=self.folder)), modules)
            outcomes.update(batch.run(chosen))
        return [outcomes[number] for number in range(len(scenarios))]


@dataclass(frozen=True)
class _Batch:
    """The scenarios of one release, in one engine process."""

    pwsh: str
    folder: Path
    modules: Path

    def run(self, scenarios: Mapping[int, Scenario]) -> dict[int, Outcome]:
        """The outcomes by the scenarios' numbers."""
        now = datetime.now(UTC)
        for number, scenario in scenarios.items():
            write_world(scenario.world, self._folder(number), now)
            if not scenario.first:
                shutil.copytree(self._folder(number), self._before(number))
        batch = self.folder / "batch.json"
        batch.write_text(json.dumps(self._document(scenarios)), encoding="utf-8")
        with ExitStack() as stack:
            for number, scenario in scenarios.items():
                hold_calls(scenario.world, self._folder(number), stack)
            answers = self._start(batch)
        if len(answers) != len(scenarios):
            raise ValueError(f"{len(scenarios)} scenarios, but {len(answers)} answers")
        return {number: self._outcome(number, answer) for number, answer in zip(scenarios, answers, strict=True)}

    def _start(self, batch: Path) -> list[dict[str, Any]]:
        """Run a batch in an engine process; the answers in order. CalledProcessError says what it wrote."""
        command = [self.pwsh, "-NoProfile", "-NonInteractive", "-File", str(DRIVER), "-Batch", str(batch)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            cwd=self.folder,
            env=dict(os.environ),
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout[-4000:], done.stderr[-4000:])
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _document(self, scenarios: Mapping[int, Scenario]) -> dict[str, Any]:
        source = self.folder / "source.txt"
        source.write_text(shipped_source().text, encoding="utf-8", newline="\n")
        return {
            "modules": str(self.modules),
            "start": str(START),
            "bootstrap": str(FOLDER / "bootstrap.ps1"),
            "source": str(source),
            "sha256": shipped_source().sha256,
            "scenarios": [
                {
                    "folder": str(self._folder(number)),
                    "before": str(self._before(number)),
                    "first": [_step(step) for step in scenario.first],
                    "step": _step(scenario.step),
                }
                for number, scenario in scenarios.items()
            ],
        }

    def _folder(self, number: int) -> Path:
        return self.folder / "worlds" / str(number)

    def _before(self, number: int) -> Path:
        return self.folder / "before" / str(number)

    def _outcome(self, number: int, answer: Mapping[str, Any]) -> Outcome:
        if answer["trouble"]:
            return Outcome(trouble=answer["trouble"], milliseconds=answer["milliseconds"])
        after, names = engine_state.observe(self._folder(number))
        before, former = engine_state.observe(self._before(number))
        return Outcome(
            output=answer["output"],
            errors=[Failure(**error) for error in answer["errors"]],
            failed=answer["failed"],
            warnings=answer["warnings"],
            streams=answer["streams"],
            before=before,
            after=after,
            names={**former, **names},
            milliseconds=answer["milliseconds"],
        )


def _step(step: Step) -> dict[str, Any]:
    return {"function": step.function, "machine": uid_of(step.machine), "arguments": _marked(dict(step.arguments))}


def _marked(value: Any) -> Any:
    """A value as Run-Scenarios.ps1 reads it."""
    if isinstance(value, Secret):
        return {"$secret": value.text}
    if isinstance(value, Login):
        return {"$login": [value.user, value.password]}
    if isinstance(value, VmId):
        return {"$vm": [uid_of(value.machine), value.name, value.owner, made_id("nobody", value.name)]}
    if isinstance(value, Switched):
        return {"$switch": True}
    if isinstance(value, Mapping):
        return {key: _marked(item) for key, item in value.items()}
    return [_marked(item) for item in value] if isinstance(value, list | tuple) else value
