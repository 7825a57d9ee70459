"""A form for a request, made from its schema, and the request made from what was filled in. Pure.

A field's name is its JSON Pointer, so that an error of the API, which names a pointer, finds its field. What was left
empty is left out: the API's own default counts. Nothing is checked here: the API checks, and says which field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, missing, validate

from schemas.base import Labels, Moment, Timestamp
from schemas.secret import SecretField

_FIXED = frozenset({"kind"})
_AREA = 1000  # characters: what may be longer, such as a certificate, has lines


@dataclass(frozen=True)
class Entry:
    """One thing to fill in. `control` is text, area, number, choice, flag, lines, pairs, json, secret or time."""

    name: str
    label: str
    control: str
    required: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    default: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Section:
    """The entries of one object of the request. What is needed of an optional one is needed once it is given at all."""

    name: str
    label: str
    is_optional: bool
    entries: tuple[Entry, ...]


def sections(schema: Schema, pointer: str = "", label: str = "", *, is_optional: bool = False) -> Iterator[Section]:
    """Yield the sections of a form for a schema, outer ones before inner ones."""
    own = [(name, field) for name, field in schema.load_fields.items() if not (pointer == "" and name in _FIXED)]
    plain = tuple(_entry(f"{pointer}/{name}", name, field) for name, field in own if not _is_object(field))
    if plain:
        yield Section(pointer or "/", label or "Job", is_optional, plain)
    for name, field in own:
        if isinstance(field, fields.Nested) and _is_object(field):
            inner = f"{label}: {_words(name).lower()}" if label else _words(name)
            optional = is_optional or not field.required
            yield from sections(field.schema, f"{pointer}/{name}", inner, is_optional=optional)


def _is_object(field: fields.Field[Any]) -> bool:
    return isinstance(field, fields.Nested) and not field.many and not isinstance(field, SecretField)


def _entry(pointer: str, name: str, field: fields.Field[Any]) -> Entry:
    rules = list(field.validators)
    bounds = next((rule for rule in rules if isinstance(rule, validate.Range)), None)
    names = next((rule for rule in rules if isinstance(rule, validate.OneOf)), None)
    return Entry(
        name=pointer,
        label=_words(name),
        control=_control(field, names is not None),
        required=field.required,
        choices=tuple(str(choice) for choice in names.choices) if names else (),
        least=bounds.min if bounds else None,
        most=bounds.max if bounds else None,
        default=_default(field),
        hint=str(field.metadata.get("description", "")),
    )


def _control(field: fields.Field[Any], is_choice: bool) -> str:
    if isinstance(field, SecretField):
        return "secret"
    if is_choice:
        return "choice"
    kinds: tuple[tuple[type, str], ...] = (
        (Timestamp, "time"),
        (Moment, "time"),
        (Labels, "pairs"),
        (fields.Boolean, "flag"),
        (fields.Number, "number"),
    )
    for kind, control in kinds:
        if isinstance(field, kind):
            return control
    if isinstance(field, fields.List):
        return "lines" if isinstance(field.inner, fields.String) else "json"
    if not isinstance(field, fields.String):
        return "json"
    longest = max((rule.max or 0 for rule in field.validators if isinstance(rule, validate.Length)), default=0)
    return "area" if longest >= _AREA else "text"


def _default(field: fields.Field[Any]) -> str:
    default = field.load_default
    if default is missing or default is None or callable(default):
        return ""
    return "yes" if default is True else "no" if default is False else str(default)


def _words(name: str) -> str:
    return name.replace("_", " ").removesuffix(" mib").removesuffix(" gib").capitalize() + _unit(name)


def _unit(name: str) -> str:
    units = {"_mib": " (MiB)", "_gib": " (GiB)"}
    return next((unit for ending, unit in units.items() if name.endswith(ending)), "")


class FormError(Exception):
    """Something was filled in that is no value at all; `name` is the field."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


def request_of(schema: Schema, kind: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the request that a filled-in form stands for; raises FormError."""
    return {"kind": kind} | body_of(schema, given)


def body_of(schema: Schema, given: Mapping[str, str]) -> dict[str, Any]:
    """Return what a filled-in form of any resource stands for; raises FormError."""
    request: dict[str, Any] = {}
    for section in sections(schema):
        for entry in section.entries:
            value = _value(entry, given)
            if value is not None:
                _put(request, entry.name, value)
    return request


def _value(entry: Entry, given: Mapping[str, str]) -> Any:
    text = given.get(entry.name, "").strip()
    if not text:
        return None
    if entry.control == "secret":
        return {given.get(f"{entry.name}?", "value"): text}
    readers = {"number": _number, "flag": _flag, "lines": _lines, "pairs": _pairs, "json": _json}
    reader = readers.get(entry.control)
    return reader(entry.name, text) if reader else text


def _number(name: str, text: str) -> float:
    try:
        number = int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        raise FormError(name, "Not a number.") from None
    if not math.isfinite(number):
        raise FormError(name, "Not a number.")
    return number


def _flag(_name: str, text: str) -> bool:
    return text == "yes"


def _lines(_name: str, text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _pairs(name: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _lines(name, text):
        key, sign, value = line.partition("=")
        if not sign:
            raise FormError(name, "Give a line name=value each.")
        found[key.strip()] = value.strip()
    return found


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise FormError(name, "Not JSON.") from None


def _put(request: dict[str, Any], pointer: str, value: Any) -> None:
    *way, last = pointer.strip("/").split("/")
    for part in way:
        request = request.setdefault(part, {})
    request[last] = value


def filled(request: Mapping[str, Any]) -> dict[str, str]:
    """Return a request as a form shows it: pointer to text. Secrets are left out."""
    return dict(_filled(request, ""))


def _filled(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and pointer.endswith("/labels"):
        yield pointer, "\n".join(f"{name}={item}" for name, item in value.items())
    elif isinstance(value, Mapping) and not {"value", "ref", "secret"} & set(value):
        for name, item in value.items():
            yield from _filled(item, f"{pointer}/{name}")
    elif isinstance(value, bool):
        yield pointer, "yes" if value else "no"
    elif isinstance(value, list):
        plain = all(isinstance(item, str) for item in value)
        yield pointer, "\n".join(value) if plain else json.dumps(value)
    elif not isinstance(value, Mapping):
        yield pointer, str(value)
