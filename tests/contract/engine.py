"""Runs scenarios on the PowerShell engine over the pretended Windows: a process a release, a runspace a scenario."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.contract import engine_state
from tests.contract.engine_files import hold_calls, uid_of
from tests.contract.engine_world import write_world
from tests.contract.scenario import Failure, Login, Outcome, Scenario, Secret, Step, Switched, VmId
from tests.contract.world import made_id
from tests.powershell.fakes.build import START
from workers.psrp.module import FOLDER, shipped_source

DRIVER = Path(__file__).resolve().parent / "Run-Scenarios.ps1"
_SECONDS = 300


@dataclass
class Engine:
    """A PowerShell engine and a folder of its own; `modules` gives the pretended Windows of a release.

    A release is a process, started when it is first needed: only its first scenarios cost seconds. `close`
    ends them.
    """

    pwsh: str
    folder: Path
    modules: Callable[[str], Path]
    started: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def run(self, scenarios: Sequence[Scenario]) -> list[Outcome]:
        """The outcome of each scenario, in order. CalledProcessError when the engine itself fails."""
        outcomes: dict[int, Outcome] = {}
        for release in sorted({scenario.world.release for scenario in scenarios}):
            chosen = {number: one for number, one in enumerate(scenarios) if one.world.release == release}
            batch = _Batch(self._process(release), Path(tempfile.mkdtemp(dir=self.folder)), self.modules(release))
            try:
                outcomes.update(batch.run(chosen))
            except BaseException:
                # A run that was broken off: the next batch must not get its answers.
                broken = self.started.pop(release)
                broken.kill()
                broken.communicate()
                raise
        return [outcomes[number] for number in range(len(scenarios))]

    def close(self) -> None:
        """End the processes. Safe to repeat."""
        while self.started:
            _, process = self.started.popitem()
            process.communicate(timeout=_SECONDS)  # the end of its input is its end

    def _process(self, release: str) -> subprocess.Popen[str]:
        found = self.started.get(release)
        if found is None or found.poll() is not None:
            errors = (self.folder / f"{release}.err").open("w")
            found = self.started[release] = subprocess.Popen(
                [self.pwsh, "-NoProfile", "-NonInteractive", "-File", str(DRIVER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=self.folder,
                env=dict(os.environ),
            )
            errors.close()
        return found


@dataclass(frozen=True)
class _Batch:
    """The scenarios of one release, in its engine process."""

    process: subprocess.Popen[str]
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
            answers = self._play(batch, len(scenarios))
        return {number: self._outcome(number, answer) for number, answer in zip(scenarios, answers, strict=True)}

    def _play(self, batch: Path, count: int) -> list[dict[str, Any]]:
        """Give the engine a batch; the answers in order. CalledProcessError when it ends instead."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{batch}\n")
        self.process.stdin.flush()
        answers = []
        for _ in range(count):
            line = self.process.stdout.readline()
            if not line:
                raise subprocess.CalledProcessError(self.process.wait(_SECONDS), str(DRIVER))
            answers.append(json.loads(line))
        return answers

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
