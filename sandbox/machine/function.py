"""What a command of the sandbox is: a name, its Python function and how it binds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

Record: TypeAlias = dict[str, Any]
# A [switch] parameter: present or not, never a value of another type.
Switch = Annotated[bool, "switch"]


@dataclass(frozen=True)
class Range:
    """What a parameter annotated with it validates: a number from `low` to `high`."""

    low: int
    high: int

    def allows(self, value: Any) -> bool:
        """Whether the value passes."""
        return self.low <= int(value) <= self.high


@dataclass(frozen=True)
class Pattern:
    """What a parameter annotated with it validates: a text that the pattern matches as a whole."""

    text: str

    def allows(self, value: Any) -> bool:
        """Whether the value passes."""
        return re.fullmatch(self.text, str(value)) is not None


@dataclass(frozen=True)
class Function:
    """`run(call, **parameters)`: its keyword parameters are the command's; those without a default are mandatory.

    `changes`: supports -WhatIf. `class_name`: the .NET class of a cmdlet; '' for a function of the module.
    """

    name: str
    run: Callable[..., Any]
    changes: bool = False
    class_name: str = ""

    @property
    def error_source(self) -> str:
        """What follows the comma in FullyQualifiedErrorId."""
        return self.class_name or self.name
