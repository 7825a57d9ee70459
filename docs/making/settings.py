"""The page of every environment variable: found where it is read, with the default that the code has for it.

API and workers are watched while they read their settings; what else names a variable is found in the text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docs.making.markdown import code, page, table
from docs.making.trees import ROOT, called, constant, sources, tree
from docs.making.watching import asked_at_start
from docs.making.words import words

_NAME = re.compile(r"(?:MATRYOSHKA|VAULT|OTEL)_[A-Z0-9]+(?:_[A-Z0-9]+)*")
_SHELL = re.compile(r"\$\{((?:MATRYOSHKA|VAULT|OTEL)_\w+)(?::-([^}]*))?\}")
_PREFIXES = {"service/oidc_settings.py": "MATRYOSHKA_OIDC_"}
# Read by one process only; the others are in files of that process.
_WHO = {
    "service/observing": "API workers",
    "service/commands": "matryoshka",
    "service/cli.py": "matryoshka",
    "service": "API",
    "workers": "workers",
    "deploy/gunicorn.conf.py": "API",
    "deploy/bin/api": "API",
    "deploy/bin/worker": "workers",
}
_ORDER = ("API", "workers", "matryoshka")
# Begins the names of variables that callers choose.
_OPEN = {"MATRYOSHKA_SECRET_", "MATRYOSHKA_OIDC_", "MATRYOSHKA_SECRET"}


@dataclass
class Variable:
    """One variable: who reads it, and its default as the code writes it."""

    name: str
    readers: set[str] = field(default_factory=set)
    default: str = ""


def settings_page() -> str:
    """Return the page."""
    found = variables()
    return page(
        "Settings",
        "Every environment variable that API, workers and the command `matryoshka` read. They are read once, at "
        "start; a value that cannot be "
        "used stops the process with the variable's name. Durations are seconds. Files are read as they are, "
        "their last line end is taken off.",
        "Secrets that requests refer to as `env:MATRYOSHKA_SECRET_<NAME>` are variables of the workers with the "
        "name that the request gives.",
        *(part for who in _ORDER for part in _section(who, found)),
    )


def _section(who: str, found: dict[str, Variable]) -> Iterator[str]:
    titles = {"API": "API and both", "workers": "Workers only", "matryoshka": "The command only"}
    earlier = set(_ORDER[: _ORDER.index(who)])
    rows = [_row(one) for _, one in sorted(found.items()) if who in one.readers and not one.readers & earlier]
    yield f"## {titles[who]}"
    yield table(("variable", "read by", "default", "meaning"), rows)


def _row(variable: Variable) -> tuple[str, ...]:
    meaning, *unset = words("settings").get(variable.name, ("",))
    readers = ", ".join(code(who) if who == "matryoshka" else who for who in _ORDER if who in variable.readers)
    return code(variable.name), readers, code(variable.default) or "".join(unset), meaning


def variables() -> dict[str, Variable]:
    """Return every variable that is read, by name."""
    found: dict[str, Variable] = {}
    for path in [*sources("service", "workers"), ROOT / "deploy" / "gunicorn.conf.py"]:
        for name, default in _read_in(path):
            _note(found, name, _who(path), default)
    for who, names in asked_at_start().items():
        for name in sorted(names):
            _note(found, name, who, "")
    for path in sorted((ROOT / "deploy" / "bin").iterdir()):
        for name, default in _SHELL.findall(path.read_text(encoding="utf-8")):
            _note(found, name, _who(path), default)
    return {name: one for name, one in found.items() if not _is_beginning(name, found)}


def _is_beginning(name: str, found: Mapping[str, Variable]) -> bool:
    """Tell whether a name is only how others begin: nobody asks for it at start, and for them somebody does."""
    asked = frozenset[str]().union(*asked_at_start().values())
    return name not in asked and any(other.startswith(f"{name}_") for other in asked & set(found))


def _note(found: dict[str, Variable], name: str, who: str, default: str) -> None:
    variable = found.setdefault(name, Variable(name))
    variable.readers.update(who.split())
    variable.default = variable.default or ("" if "$" in default else default)


def _who(path: Path) -> str:
    relative = str(path.relative_to(ROOT))
    return next(who for start, who in _WHO.items() if relative.startswith(start))


def _read_in(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and default of each variable that a file names."""
    prefix = _PREFIXES.get(str(path.relative_to(ROOT)), "")
    defaults = dict(_defaults(path, prefix))
    for node in ast.walk(tree(path)):
        name = _named(constant(node), "")
        if name:
            yield name, defaults.get(name, "")
        elif isinstance(node, ast.Call) and prefix and len(node.args) > 1:
            inner = _named(constant(node.args[1]), prefix)
            if inner:
                yield inner, defaults.get(inner, "")


def _named(value: object, prefix: str) -> str:
    if not isinstance(value, str):
        return ""
    name = f"{prefix}{value}"
    is_name = _NAME.fullmatch(name) and (not prefix or re.fullmatch(r"[A-Z_]+", value))
    return name if is_name and name not in _OPEN else ""


def _defaults(path: Path, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield what stands beside a name as its default: the next argument of a call, or what follows `or`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and len(node.args) > 1:
            place = 0 if called(node) == "get" else 1
            name = _named(constant(node.args[place]), prefix)
            if name and len(node.args) > place + 1:
                yield name, _shown(path, node.args[place + 1])
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            for inner in ast.walk(node.values[0]):
                name = _named(constant(inner), prefix)
                if name:
                    yield name, _shown(path, node.values[-1])


def _shown(path: Path, node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        for one in tree(path).body:
            if isinstance(one, ast.Assign) and getattr(one.targets[0], "id", "") == node.id:
                return _shown(path, one.value)
    value = constant(node)
    return (
        ""
        if value is None or value is True or value is False
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
