"""docs/adding-a-kind.md followed to the letter in a copy of the project: its kind plans, runs and obeys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.pages.markdown import Block, blocks

PAGE = ROOT / "docs" / "adding-a-kind.md"
# What the page's blocks write or change, in its order.
FILES = (
    "schemas/kinds/show_switch.py",
    "schemas/kinds/__init__.py",
    "examples/show_switch.json",
    "service/ledger/plans/show_switch.py",
    "service/ledger/plans/__init__.py",
    "service/ledger/plans/nominal.py",
    "workers/steps/read_switch.py",
    "workers/steps/__init__.py",
    "tests/unit/workers/steps/test_read_switch_step.py",
)
_COPIED = ("schemas", "service", "workers", "examples", "tests/rules", "tests/unit/workers", "tests/pages")
_ALONE = ("tests/__init__.py", "tests/unit/__init__.py", "tests/fakes.py", "docs/functions.md", "pyproject.toml")
_PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest")
_NOTICED = """
from tests.rules.test_actions import test_every_action_of_a_plan_has_a_handler as rule
from tests.rules.plans_of_examples import plans_of_all_kinds
from workers.steps import HANDLERS
print({step.action for _, plan in plans_of_all_kinds() for step in plan.steps} - set(HANDLERS))
rule()
"""
_PLANNED = """
import json, pathlib
from schemas.kinds import REQUEST_SCHEMAS
from service.ledger.plan import PlanContext
from service.ledger.plans import build_plan
request = REQUEST_SCHEMAS["show_switch"]().load(json.loads(pathlib.Path("examples/show_switch.json").read_text()))
plan = build_plan(request, PlanContext())
print(json.dumps([[step.id, step.action, list(step.needs)] for step in plan.steps]))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the page was followed."""
    folder = tmp_path_factory.mktemp("copy")
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _ALONE:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    for block in blocks(PAGE):
        _follow(block, folder / block.name)
    return folder


def _follow(block: Block, target: Path) -> None:
    if block.language != "diff":
        assert not target.exists(), f"{block.place} would overwrite a file"
        target.write_text(block.code, encoding="utf-8")
        return
    lines = target.read_text(encoding="utf-8").splitlines()
    at = 0
    for line in block.code.splitlines():
        mark, text = line[:1], line[1:]
        if mark == "+":
            lines.insert(at, text)
            at += 1
        else:
            at = lines.index(text, at) + (mark == " ")
            if mark == "-":
                del lines[at]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _run(copy: Path, *arguments: str) -> str:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(copy), str(ROOT))), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = (sys.executable, *arguments)
    done = subprocess.run(argv, cwd=copy, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-1000:]
    return done.stdout


def test_the_page_names_every_file() -> None:
    """Each block of the page is a file of the project, and the table of this test has them all."""
    assert list(FILES) == [block.name for block in blocks(PAGE)]


def test_the_new_kind_has_its_plan(copy: Path) -> None:
    """The request of the page loads, and its plan has the steps in the order that the page says."""
    expected = [["inspect-host", "InspectHost", []], ["read-switch", "ReadSwitch", ["inspect-host"]]]

    assert expected == json.loads(_run(copy, "-c", _PLANNED))


def test_the_new_step_and_the_rules_of_the_house_pass(copy: Path) -> None:
    """The test that the page writes passes, and so do the rules about plans, handlers and functions."""
    said = _run(
        copy,
        *_PYTEST,
        "tests/unit/workers/steps/test_read_switch_step.py",
        "tests/rules/test_actions.py",
    )

    assert "passed" in said


def test_a_rule_notices_a_step_without_handler(copy: Path) -> None:
    """Left out of the registry of handlers, the new action is found by the rule that the page names."""
    registry = copy / "workers" / "steps" / "__init__.py"
    text = registry.read_text(encoding="utf-8")
    registry.write_text(text.replace("    ReadSwitch(),\n", ""), encoding="utf-8")
    try:
        with pytest.raises(AssertionError, match="ReadSwitch"):
            _run(copy, "-c", _NOTICED)
    finally:
        registry.write_text(text, encoding="utf-8")
