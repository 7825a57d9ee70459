"""Parameter binding as PowerShell does it: names, prefixes, conversions, and the ids of its refusals.

Ids: NamedParameterNotFound, AmbiguousParameter, PositionalParameterNotFound, MissingMandatoryParameter,
ParameterArgumentTransformationError (functions), CannotConvertArgumentNoMessage (cmdlets),
ParameterArgumentValidationError*.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

from sandbox.machine.api import Credential, SecretText
from sandbox.machine.errors import PsError
from sandbox.machine.function import Function, Pattern, Range, Switch

COMMON = (
    "Verbose", "Debug", "ErrorAction", "WarningAction", "InformationAction", "ErrorVariable", "WarningVariable",
    "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable",
)  # fmt: skip
_RISK = ("WhatIf", "Confirm")
_ALIASES = {"ea": "ErrorAction", "wa": "WarningAction", "wi": "WhatIf", "cf": "Confirm", "vb": "Verbose", "db": "Debug"}
_BINDING = "System.Management.Automation.ParameterBinding"


@dataclass(frozen=True)
class Bound:
    """The arguments of one call, and the common parameters apart from them."""

    arguments: dict[str, Any]
    common: dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One declared parameter."""

    name: str
    kind: Any
    mandatory: bool


@cache
def parameters_of(function: Function) -> tuple[Parameter, ...]:
    """The declared parameters in order, without the common ones."""
    hints = get_type_hints(function.run, include_extras=True)
    declared = list(inspect.signature(function.run).parameters.values())[1:]
    return tuple(
        Parameter(item.name, hints[item.name], item.default is inspect.Parameter.empty)
        for item in declared
        if item.kind is not inspect.Parameter.VAR_POSITIONAL
    )


def bind(function: Function, named: Mapping[str, Any], positional: Sequence[Any] = ()) -> Bound:
    """Match what was given with what is declared; raises PsError with PowerShell's ids."""
    declared = {item.name: item for item in parameters_of(function)}
    known = (*declared, *COMMON, *(_RISK if function.changes else ()))
    given: dict[str, Any] = {}
    for name, value in named.items():
        given[_full_name(function, name, known)] = value
    _place(function, given, positional, [item for item in declared.values() if item.kind != Switch])
    arguments = {name: _value(function, declared[name], value) for name, value in given.items() if name in declared}
    for item in declared.values():
        if item.mandatory and item.name not in arguments:
            text = f"Cannot process command because of one or more missing mandatory parameters: {item.name}."
            raise _error(function, "MissingMandatoryParameter", "InvalidArgument", text)
    return Bound(arguments, {name: value for name, value in given.items() if name not in declared})


def _full_name(function: Function, name: str, known: Sequence[str]) -> str:
    wanted = name.lstrip("-").rstrip(":").lower()
    exact = [item for item in known if item.lower() == wanted]
    if exact:
        return exact[0]
    if _ALIASES.get(wanted) in known:
        return _ALIASES[wanted]
    matches = [item for item in known if item.lower().startswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        text = f"Parameter cannot be processed because the parameter name '{name}' is ambiguous."
        raise _error(function, "AmbiguousParameter", "InvalidArgument", text)
    text = f"A parameter cannot be found that matches parameter name '{name}'."
    raise _error(function, "NamedParameterNotFound", "InvalidArgument", text)


def _place(function: Function, given: dict[str, Any], positional: Sequence[Any], declared: Sequence[Parameter]) -> None:
    free = [item.name for item in declared if item.name not in given]
    rest = inspect.signature(function.run).parameters.get("rest")
    if rest is None and len(positional) > len(free):
        text = f"A positional parameter cannot be found that accepts argument '{positional[len(free)]}'."
        raise _error(function, "PositionalParameterNotFound", "InvalidArgument", text)
    given.update(zip(free, positional, strict=False))


def _value(function: Function, item: Parameter, value: Any) -> Any:
    if item.mandatory:
        _refuse_empty(function, item, value)
    kind = item.kind
    if get_origin(kind) is Annotated and isinstance(get_args(kind)[1], Range | Pattern):
        return _validated(function, item, value)
    if get_origin(kind) is Literal:
        return _choice(function, item, value)
    try:
        return convert(kind, value)
    except (TypeError, ValueError) as reason:
        text = f"Cannot process argument transformation on parameter '{item.name}'. {reason}"
        if function.class_name:
            raise _error(function, "CannotConvertArgumentNoMessage", "InvalidArgument", text) from reason
        raise _error(function, "ParameterArgumentTransformationError", "InvalidData", text) from reason


def _validated(function: Function, item: Parameter, value: Any) -> Any:
    base, rule, *_ = get_args(item.kind)
    converted = _value(function, replace(item, kind=base), value)
    if not rule.allows(converted):
        text = f"Cannot validate argument on parameter '{item.name}'. The argument \"{value}\" is not allowed."
        raise _error(function, "ParameterArgumentValidationError", "InvalidData", text)
    return converted


def _choice(function: Function, item: Parameter, value: Any) -> str:
    for choice in get_args(item.kind):
        if str(value).lower() == choice.lower():
            return str(choice)
    text = f"Cannot validate argument on parameter '{item.name}'. The argument \"{value}\" does not belong to the set."
    raise _error(function, "ParameterArgumentValidationError", "InvalidData", text)


def _refuse_empty(function: Function, item: Parameter, value: Any) -> None:
    word = ""
    if value is None:
        word = "NullNotAllowed"
    elif value == "" and item.kind is str:
        word = "EmptyStringNotAllowed"
    elif value == [] and get_origin(item.kind) is list:
        word = "EmptyArrayNotAllowed"
    if word:
        # The module validates each mandatory parameter itself, which comes before the binder's own word for it.
        word = word if function.class_name else ""
        text = f"Cannot bind argument to parameter '{item.name}' because it is empty or null."
        raise _error(function, f"ParameterArgumentValidationError{word}", "InvalidData", text)


def convert(kind: Any, value: Any) -> Any:
    """One value as the declared type; ValueError or TypeError when PowerShell could not convert it."""
    origin = get_origin(kind)
    if kind is Any:
        return value
    if kind in (Switch, bool):
        return _boolean(value)
    if origin is list:
        items = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        return [convert(get_args(kind)[0], item) for item in items]
    if origin is dict:
        return _table(value)
    if origin is not None:
        inner = next(item for item in get_args(kind) if item is not type(None))
        return None if value is None else convert(inner, value)
    return _scalar(kind, value)


def _scalar(kind: Any, value: Any) -> Any:
    if kind in (SecretText, Credential):
        if isinstance(value, kind):
            return value
        message = f"Cannot convert a value of type {type(value).__name__} to type {kind.__name__}."
        raise TypeError(message)
    if kind is str:
        return _text(value)
    if kind is UUID:
        return value if isinstance(value, UUID) else UUID(str(value))
    return kind(0 if value is None else value)


def _text(value: Any) -> str:
    if isinstance(value, (SecretText, Credential, list, tuple, dict)):
        message = "Cannot convert value to type System.String."
        raise TypeError(message)
    return "" if value is None else str(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, (bool, int)):
        return bool(value)
    message = f'Cannot convert value "{type(value).__name__}" to type System.Boolean.'
    raise TypeError(message)


def _table(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    message = "Cannot convert value to type System.Collections.Hashtable."
    raise TypeError(message)


def _error(function: Function, word: str, category: str, text: str) -> PsError:
    """A refusal of the binder: it names the parameter in its text only, the record has no target."""
    kind = "ArgumentTransformation" if "Transformation" in word else "Validation" if "Validation" in word else ""
    return PsError(f"{word},{function.error_source}", category, text, exception_type=f"{_BINDING}{kind}Exception")
