"""Syntax trees of whole packages: what is written where. Nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def sources(*rooms: str) -> Iterator[Path]:
    """Yield the Python files of these packages, in a fixed order."""
    for room in rooms:
        yield from sorted((ROOT / room).rglob("*.py"))


def calls(path: Path) -> Iterator[ast.Call]:
    """Yield every call of a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield node


def called(call: ast.Call) -> str:
    """Return the last name of what is called; '' for something else."""
    return getattr(call.func, "id", None) or getattr(call.func, "attr", None) or ""


def constant(node: ast.AST | None) -> object:
    """Return the value of a constant, or of a tuple's first one; None for anything else."""
    if isinstance(node, ast.Tuple) and node.elts:
        return constant(node.elts[0])
    return node.value if isinstance(node, ast.Constant) else None
