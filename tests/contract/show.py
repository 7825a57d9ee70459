"""`python -m tests.contract.show GROUP [TEXT]`: both outcomes of a group's scenarios (those with TEXT in their id)."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.contract.compare import differences
from tests.contract.engine import Engine
from tests.contract.scenario import Outcome, Scenario
from tests.contract.simulated import Simulation
from tests.powershell.fakes.build import build_once


def main(arguments: list[str]) -> int:
    """Exit code 1: some scenario does not hold. With -q only the differences are shown."""
    words = [word for word in arguments if word != "-q"]
    if not words:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    scenarios = _chosen(words[0], " ".join(words[1:]).replace(" ", "_"))
    pwsh = os.environ.get("MATRYOSHKA_PWSH") or shutil.which("pwsh") or ""
    with tempfile.TemporaryDirectory(prefix="contract-") as name:
        folder = Path(name)
        (folder / "ca").mkdir()
        engine = Engine(pwsh, folder, lambda release: build_once(pwsh, folder, release))
        real, simulated = engine.run(scenarios), Simulation(folder / "ca").run(scenarios)
        engine.close()
    failed = [_show(*row, brief="-q" in arguments) for row in zip(scenarios, real, simulated, strict=True)]
    print(f"{len(scenarios)} scenarios, {sum(failed)} with differences")
    return int(any(failed))


def _chosen(group: str, text: str) -> list[Scenario]:
    found: list[Scenario] = list(importlib.import_module(f"tests.contract.scenarios.{group}").SCENARIOS)
    return [one for one in found if text.lower() in one.id.lower()]


def _show(scenario: Scenario, engine: Outcome, simulated: Outcome, *, brief: bool) -> bool:
    found = differences(scenario, engine, simulated)
    mark = "DIFFERS" if found else "ok"
    print(f"{mark:8}{scenario.id} ({engine.milliseconds:.0f} + {simulated.milliseconds:.0f} ms)")
    for who, outcome in (("engine", engine), ("sandbox", simulated)):
        if not brief:
            print(f"  {who}: {json.dumps(_plain(outcome), indent=2, default=str)}")
    for item in found:
        print(f"  - {item}")
    return bool(found)


def _plain(outcome: Outcome) -> dict[str, Any]:
    made = dataclasses.asdict(outcome)
    return {name: made[name] for name in ("output", "errors", "failed", "warnings", "streams", "trouble")}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
