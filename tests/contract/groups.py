"""The scenarios of all groups: SCENARIOS of every module of scenarios/ that has a test file (test_<group>.py)."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from tests.contract import scenarios
from tests.contract.scenario import Scenario

FOLDER = Path(__file__).resolve().parent


def all_scenarios() -> dict[str, tuple[Scenario, ...]]:
    """The scenarios by the names of their groups."""
    return {name: found for name, found in _modules().items() if (FOLDER / f"test_{name}.py").exists()}


def forgotten() -> list[str]:
    """Scenarios that no test file plays."""
    played = {scenario.id for group in all_scenarios().values() for scenario in group}
    return [one.id for found in _modules().values() for one in found if one.id not in played]


def _modules() -> dict[str, tuple[Scenario, ...]]:
    names = sorted(module.name for module in pkgutil.iter_modules(scenarios.__path__))
    modules = {name: importlib.import_module(f"{scenarios.__name__}.{name}") for name in names}
    return {name: tuple(getattr(module, "SCENARIOS", ())) for name, module in modules.items()}
