"""Requests that are read from files: JSON or YAML, `-` for standard input."""

from __future__ import annotations

import json
from typing import Any, TextIO

import click
import yaml


class _PlainLoader(yaml.SafeLoader):
    """YAML without its times: a request says them as text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way of saying it
        first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_request(file: TextIO) -> dict[str, Any]:
    """Return the object in a file, JSON or YAML. Raises click.BadParameter."""
    try:
        body = _read(file.read())
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise click.BadParameter(f"{file.name} is neither JSON nor YAML: {_place(error)}") from error
    if not isinstance(body, dict):
        raise click.BadParameter(f"{file.name} is not an object with members")
    try:
        # YAML has sets, bytes, loops and numbers that are none; JSON has not, and it is JSON that is sent.
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise click.BadParameter(f"{file.name} holds a value that JSON cannot say, such as .nan or !!set") from error
    return body


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, _PlainLoader)  # noqa: S506 - a SafeLoader


def _place(error: Exception) -> str:
    # The whole text quotes the line, and a line of a request may hold a password.
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else type(error).__name__


def pairs(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Return NAME=VALUE arguments as a dict. Raises click.BadParameter."""
    if any("=" not in value for value in values):
        raise click.BadParameter("give NAME=VALUE")
    return dict(value.split("=", 1) for value in values)
