"""What each action of a plan does on the host, read from its handler: docstrings, functions called, refusals."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from docs.making.reading import Read, argument, reached
from workers.steps import HANDLERS
from workers.steps.cures import CURES
from workers.steps.explained import ExplainedStep
from workers.steps.reasons import Known, known_reasons

ROOT = Path(__file__).resolve().parents[2]
_ROOMS = ("workers.steps",)
_EDGES = ("workers.steps.base", "workers.steps.reasons", "workers.steps.explained", "workers.steps.cures")
_FUNCTION = re.compile(r"[A-Z][a-z]+-Nested\w+")
_ROW = re.compile(r"^\| `(?P<name>[A-Z][a-z]+-Nested\w*)`(?: \*\*C\*\*)? \|(?P<rest>.*)\|$", re.MULTILINE)
_ERROR = re.compile(r"`([A-Z]\w+)[,`]")


@dataclass(frozen=True, order=True)
class Failure:
    """One way in which a step ends badly. `of` is the function that says so, '' for the step's own rule."""

    code: str
    meaning: str
    remedy: str
    retryable: bool
    of: str = ""


@dataclass(frozen=True)
class Action:
    """One action. Texts are the docstrings of its handler."""

    name: str
    purpose: str
    check: str
    apply: str
    verify: str
    undo: str
    functions: tuple[str, ...]
    failures: tuple[Failure, ...]


@cache
def action_of(name: str) -> Action:
    """Return what is known of an action. Raises KeyError for one without a handler."""
    explained = HANDLERS[name]
    handler = type(explained.inner) if isinstance(explained, ExplainedStep) else type(explained)
    reads = reached([handler], _ROOMS, *_EDGES)
    found = {text for read in reads for text in read.constants() if _FUNCTION.fullmatch(text)}
    functions = tuple(sorted(found))
    said = {part: _first(inspect.getdoc(getattr(handler, part))) for part in ("check", "apply", "verify", "undo")}
    failures = (*refusals(reads), *_cured(reads), *(one for function in functions for one in failures_of(function)))
    return Action(name, _first(inspect.getdoc(handler)), **said, functions=functions, failures=_once(failures))


def refusals(reads: list[Read]) -> Iterator[Failure]:
    """Yield what the step itself refuses."""
    for read in reads:
        for _, call in read.calls("StepRefused"):
            remedies = read.text(argument(call, 2, "remedy"))
            meaning = " or ".join(read.text(argument(call, 0, "message")))
            for code in read.text(argument(call, 1, "reason")):
                yield Failure(code, meaning, " ".join(remedies), retryable=False)


def _cured(reads: list[Read]) -> Iterator[Failure]:
    """Yield what a check of the way to a host can find: every cause of the check that its handler tells of."""
    checks = {
        text for read in reads for _, call in read.calls("told") for text in read.text(argument(call, 1, "check"))
    }
    found = sorted((cure for cure in CURES.values() if cure.check in checks), key=lambda cure: cure.code)
    yield from (Failure(cure.code, cure.why, cure.remedy, retryable=False) for cure in found)


def failures_of(function: str) -> Iterator[Failure]:
    """Yield the known failures of a PowerShell function: its own on docs/functions.md, and those of its cmdlets."""
    text = _script(function)
    own = set(_ERROR.findall(_columns().get(function, "")))
    for known in known_reasons():
        if known.id in own or _is_cmdlet_of(known, text):
            yield Failure(
                known.reason.code, f"error id `{known.id}`", known.reason.remedy, known.reason.retryable, function
            )


def _is_cmdlet_of(known: Known, script: str) -> bool:
    return bool(known.cmdlet) and re.search(rf"\b{re.escape(known.cmdlet)}\b", script) is not None


@cache
def _columns() -> dict[str, str]:
    """Return the column of errors of docs/functions.md by function."""
    text = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    return {row["name"]: row["rest"].split("|")[-2] for row in _ROW.finditer(text)}


@cache
def _script(function: str) -> str:
    path = ROOT / "workers" / "powershell" / "Matryoshka" / "Public" / f"{function}.ps1"
    return path.read_text(encoding="utf-8-sig") if path.exists() else ""


def _once(failures: tuple[Failure, ...]) -> tuple[Failure, ...]:
    return tuple(dict.fromkeys(failures))


def _first(text: str | None) -> str:
    return (text or "").partition("\n\n")[0].replace("\n", " ").removeprefix("See Step. ")
