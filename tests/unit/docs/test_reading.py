"""The reader of code behind the generated pages: texts, choices, and what a function reaches."""

from __future__ import annotations

import ast
from typing import Any

from docs.making.reading import argument, reached
from tests.unit.docs import read_me


def _call(name: str) -> tuple[Any, ast.Call]:
    reads = reached([read_me.outer], ("tests.unit.docs",))
    return next((read, call) for read in reads for found, call in read.calls(name) if found == name)


def test_functions_are_followed_and_each_is_read_once() -> None:
    """What a function calls is read too, also in a loop, and what stands in other packages is not."""
    found = reached([read_me.outer], ("tests.unit.docs",))

    assert ["outer", "refuse", "inner"] == [read.function.__name__ for read in found]


def test_texts_are_what_the_code_can_say() -> None:
    """A choice gives both texts, what is filled in stands in braces, and a global stands for its text."""
    read, call = _call("refuse")

    assert ("A", "B") == read.text(argument(call, 0, "code"))
    assert ("{count} of KIND",) == read.text(argument(call, 1, "detail"))
    assert ("later",) == read.text(argument(call, 2, "remedy"))
    assert () == read.text(argument(call, 3, "nothing"))


def test_a_local_name_for_one_of_two_functions_is_both() -> None:
    """`make = error if bad else warning` calls either."""
    read = reached([read_me.inner], ("tests.unit.docs",))[0]

    assert ["error", "warning"] == [name for name, _ in read.calls("error", "warning")]


def test_constants_of_globals_are_found() -> None:
    """A text that a function takes from a table of its module is seen."""
    read = reached([read_me.inner], ("tests.unit.docs",))[0]

    assert {"Get-NestedVM", "shown"} <= set(read.constants())
