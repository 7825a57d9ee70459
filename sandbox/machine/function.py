"""What a command of the sandbox is: a name, its Python function and how it binds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

Record: TypeAlias = dict[str, Any]
# A [switch] parameter: present or not, never a value of another type.
Switch = Annotated[bool, "switch"]


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
