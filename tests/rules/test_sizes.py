"""Files, functions and signatures stay small, and imports stay at the top."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

PACKAGES = ("schemas", "service", "workers", "sandbox", "deploy", "docs")
SUFFIXES = {".py", ".lua", ".ps1", ".psm1", ".psd1"}
LONGEST_FILE = 300
LONGEST_TEST = 400
LONGEST_FUNCTION = 50
MOST_BY_POSITION = 5
MOST_PARAMETERS = 6

Function = ast.FunctionDef | ast.AsyncFunctionDef
# Their parameters are given by somebody else: the options of a command, the parameters of a PowerShell function.
_GIVEN_SHAPES = ("sandbox/machine/functions_",)
# An error record of PowerShell has that many parts, each with a default; it is raised by keyword.
_EXCEPTIONS = {"sandbox/machine/errors.py:PsError.__init__"}


def _files() -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in SUFFIXES]
    assert len(found) > 300
    return sorted(found)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(node: ast.AST, place: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        name = getattr(child, "name", "")
        inner = f"{place}{name}" if isinstance(child, (*Function.__args__, ast.ClassDef)) else place
        if isinstance(child, Function):
            yield inner, child
        yield from _functions(child, f"{inner}." if inner != place else place)


def _all_functions() -> Iterator[tuple[str, Function]]:
    for path in _files():
        if path.suffix == ".py":
            yield from _functions(_tree(path), f"{path.relative_to(ROOT)}:")


def _by_position(function: Function) -> int:
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    return len([name for name in names if name not in ("self", "cls")])


def _parameters(function: Function) -> int:
    return _by_position(function) + len(function.args.kwonlyargs)


def _is_command(function: Function) -> bool:
    return any(".command(" in ast.unparse(one) or "click." in ast.unparse(one) for one in function.decorator_list)


def test_files_are_short() -> None:
    """No file of the product is longer than a reader keeps in mind."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8-sig").splitlines()) for path in _files()}

    assert {} == {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE}


def test_files_of_tests_are_short() -> None:
    """No file of tests is much longer."""
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in (ROOT / "tests").rglob("*.py")}

    assert {} == {path: lines for path, lines in lengths.items() if lines > LONGEST_TEST}


def test_functions_are_short() -> None:
    """No function of the product is longer than a screen."""
    lengths = {place: (one.end_lineno or one.lineno) - one.lineno + 1 for place, one in _all_functions()}

    assert len(lengths) > 1000
    assert {} == {place: lines for place, lines in lengths.items() if lines > LONGEST_FUNCTION}


def test_signatures_are_small() -> None:
    """A function takes few parameters, unless its shape is given by a command line or by a PowerShell function."""
    counts = {
        place: _parameters(one)
        for place, one in _all_functions()
        if not _is_command(one) and not place.startswith(_GIVEN_SHAPES)
    }

    assert set(_EXCEPTIONS) == {place for place, count in counts.items() if count > MOST_PARAMETERS}


def test_arguments_without_names_are_few() -> None:
    """A call names its arguments where there are many: only so many can be given by position."""
    counts = {place: _by_position(one) for place, one in _all_functions() if not _is_command(one)}

    assert {} == {place: count for place, count in counts.items() if count > MOST_BY_POSITION}


def test_imports_stand_at_the_top() -> None:
    """No function imports: what a module needs is seen in its first lines."""
    inside = [
        place
        for place, function in _all_functions()
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]

    assert [] == inside
