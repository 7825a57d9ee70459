"""The users of the ledger's server may call what the moves call: a new command in a move is a line in two lists."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

EXAMPLE = (ROOT / "deploy/valkey/users.acl.example").read_text()
# Moves that only the operator's user makes.
OPERATORS = ("snapshot", "restored")


def listed(user: str, mark: str = "+") -> set[str]:
    """Return a user's commands, or with `~` the patterns of his keys."""
    line = next(line for line in EXAMPLE.splitlines() if line.startswith(f"user {user} "))
    return {word[1:] for word in line.split() if word.startswith(mark)}


def in_scripts(*, operators: bool) -> set[str]:
    """Return the commands that the moves call, as their text says."""
    found: set[str] = set()
    for path in (ROOT / "service/ledger/lua").glob("*.lua"):
        if operators or path.stem not in OPERATORS:
            found |= set(re.findall(r"\b(?:p?call|L\.many|L\.subscribe)\('([A-Z]+)'", path.read_text()))
    return {name.lower() for name in found}


@pytest.mark.parametrize(("user", "operators"), [("matryoshka", False), ("matryoshka-operator", True)])
def test_each_user_may_call_what_his_moves_call(user: str, *, operators: bool) -> None:
    """`deploy/valkey/users.acl.example` lists every command of the Lua moves; tests/soak looks for those too many."""
    assert len(in_scripts(operators=operators)) > 30
    assert set() == in_scripts(operators=operators) - listed(user)
