"""The plans, the handlers and the PowerShell module speak of the same things."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.ledger.plans.nominal import NOMINAL
from tests.rules.functions_page import functions_of_page
from tests.rules.plans_of_examples import plans_of_all_kinds
from workers import steps
from workers.psrp.values import pascal_case
from workers.steps import HANDLERS

_STEPS = Path(steps.__file__).parent
_VERBS = {"read": False, "change": True, "call": False}


def test_every_action_of_a_plan_has_a_handler() -> None:
    """No plan names a step that no worker can run."""
    planned = {step.action for _, plan in plans_of_all_kinds() for step in plan.steps}

    assert planned - set(HANDLERS) == set()


def test_every_handler_is_named_by_some_plan() -> None:
    """No handler is dead code, and the estimates know each one."""
    planned = {step.action for _, plan in plans_of_all_kinds() for step in plan.steps}

    assert set(HANDLERS) - planned == set()
    assert set(NOMINAL) == set(HANDLERS)


def test_a_handler_answers_to_its_own_name() -> None:
    """The registry's key is the action, and the action is the class's name."""
    for action, handler in HANDLERS.items():
        assert action == handler.action
        assert action == type(vars(handler)["inner"]).__name__


@dataclass(frozen=True)
class _Found:
    """One call in a handler; `verb` is None when it goes through a function of ours that passes it on."""

    place: str
    verb: str | None
    function: str
    words: frozenset[str]


def _calls() -> Iterator[_Found]:
    for path in sorted(_STEPS.glob("*.py")):
        for found in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(found, ast.Call):
                function = next((text for text in map(_text, found.args) if "-Nested" in text), "")
                words = frozenset(word.arg for word in found.keywords if word.arg)
                if function:
                    yield _Found(f"{path.name}:{found.lineno}", _verb(found), function, words)


def _text(argument: ast.expr) -> str:
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""


def _verb(found: ast.Call) -> str | None:
    return found.func.attr if isinstance(found.func, ast.Attribute) and found.func.attr in _VERBS else None


_CALLS = list(_calls())


@pytest.mark.parametrize("call", _CALLS, ids=[f"{call.place}:{call.function}" for call in _CALLS])
def test_every_call_is_on_the_page(call: _Found) -> None:
    """Each function that a handler calls is in docs/functions.md, with these parameters, read or changed as it says."""
    function = functions_of_page().get(call.function)
    assert function is not None
    assert {pascal_case(word) for word in call.words - {"port"}} <= function.parameters
    if call.verb is not None:
        assert function.changes == _VERBS[call.verb]


def test_the_page_has_no_function_that_nobody_calls() -> None:
    """What the module offers to steps is used by a step, or by the worker's own plumbing."""
    plumbing = {
        "Invoke-NestedCall",
        "Invoke-NestedGuestCall",
        "Get-NestedCall",
        "Clear-NestedCallJournal",
        "Get-NestedModuleInfo",
        "Get-NestedEvidence",
    }

    assert set(functions_of_page()) - {call.function for call in _CALLS} - plumbing == set()
