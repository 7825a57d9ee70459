"""Reads the code as text: which functions another one reaches, and what their calls say. Nothing is run."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

# Of `ctx.params['path']` a reader needs the last word.
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Read:
    """One function and its syntax tree."""

    function: FunctionType
    tree: ast.AST

    def text(self, node: ast.AST | None) -> tuple[str, ...]:
        """Return the texts that an expression can be: more than one for a choice, none when that is not in sight.

        What is put into an f-string shows as its last name in braces.
        """
        if node is None:
            return ()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return (node.value,)
        if isinstance(node, ast.JoinedStr):
            return ("".join(self._piece(part) for part in node.values),)
        if isinstance(node, ast.IfExp):
            return (*self.text(node.body), *self.text(node.orelse))
        if isinstance(node, ast.BoolOp):
            return tuple(text for one in node.values for text in self.text(one))
        return self._named(node)

    def _piece(self, node: ast.AST) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if not isinstance(node, ast.FormattedValue):
            return ""
        known = self.known(node.value)
        words = _WORD.findall(ast.unparse(node.value))
        return known if isinstance(known, str) else f"{{{words[-1]}}}" if words else ""

    def _named(self, node: ast.AST) -> tuple[str, ...]:
        local = self.assigned(node)
        if local is not None:
            return self.text(local)
        value = self.known(node)
        return (str(value),) if isinstance(value, str) else ()

    def assigned(self, node: ast.AST) -> ast.AST | None:
        """Return what a local name was given last above this line, None when it is no local name."""
        if not isinstance(node, ast.Name):
            return None
        above = [
            one
            for one in ast.walk(self.tree)
            if isinstance(one, ast.Assign) and _assigns(one, node.id) and one.lineno <= node.lineno
        ]
        return max(above, key=lambda one: one.lineno).value if above else None

    def known(self, node: ast.AST) -> Any:
        """Return the global that a name or `module.name` stands for; None when there is none."""
        if isinstance(node, ast.Name):
            return self.function.__globals__.get(node.id)
        if isinstance(node, ast.Attribute):
            holder = self.known(node.value)
            return getattr(holder, node.attr, None) if isinstance(holder, ModuleType | type) else None
        return None

    def calls(self, *names: str) -> Iterator[tuple[str, ast.Call]]:
        """Yield name and call of the functions with these names; a local name for one of two stands for both."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield from ((name, node) for name in self._called(node.func) if name in names)

    def _called(self, node: ast.AST) -> list[str]:
        chosen = self.assigned(node)
        return [_name(chosen.body), _name(chosen.orelse)] if isinstance(chosen, ast.IfExp) else [_name(node)]

    def constants(self) -> Iterator[str]:
        """Yield every text in the function, and the texts of the globals that it names."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.Name | ast.Attribute):
                yield from _texts(self.known(node))


def argument(call: ast.Call, position: int, name: str) -> ast.AST | None:
    """Return the argument of a call by place or by name; None when it is not given."""
    if position < len(call.args):
        return call.args[position]
    return next((one.value for one in call.keywords if one.arg == name), None)


def reached(start: Iterable[Any], rooms: Sequence[str], *without: str) -> list[Read]:
    """Return the functions of these packages that `start` (functions and classes) reaches, each once, in a fixed order.

    `without` are modules that are not entered.
    """
    found: dict[FunctionType, Read] = {}
    waiting = [function for one in start for function in _functions(one)]
    while waiting:
        function = waiting.pop(0)
        # What dataclasses write themselves has no text.
        made = function.__code__.co_filename.startswith("<")
        if made or function in found or not _inside(function.__module__, rooms, without):
            continue
        read = Read(function, ast.parse(textwrap.dedent(inspect.getsource(function))))
        found[function] = read
        waiting += [inner for node in ast.walk(read.tree) for inner in _functions(read.known(node))]
    return list(found.values())


def _inside(module: str, rooms: Sequence[str], without: Sequence[str]) -> bool:
    return module not in without and any(module == room or module.startswith(f"{room}.") for room in rooms)


def _functions(value: Any) -> list[FunctionType]:
    if isinstance(value, FunctionType):
        return [inspect.unwrap(value)]
    if isinstance(value, type):
        members = [member for base in value.__mro__ for member in vars(base).values()]
        return [one for member in members for one in _functions(getattr(member, "fget", member)) if one]
    if isinstance(value, tuple | list):
        return [inner for one in value for inner in _functions(one)]
    return []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list | set | frozenset):
        yield from (one for one in value if isinstance(one, str))
    elif isinstance(value, Mapping):
        yield from (one for pair in value.items() for one in pair if isinstance(one, str))


def _assigns(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
