"""Where a secret is read from. It is never an argument: others on the machine see those."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from service.commands.asking import secret


class SecretSource(click.ParamType[dict[str, str]]):
    """`env:NAME`, `file:PATH`, `prompt`, or `ref:...`, which the workers resolve; becomes a secret of a request."""

    name = "source"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        """Return what help shows."""
        return "SOURCE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        """Return `{"value": ...}` or `{"ref": ...}`. Fails as click does."""
        if isinstance(value, dict):
            return value
        sort, _, rest = value.partition(":")
        if value == "prompt":
            return {"value": secret("Secret", "give env:NAME, file:PATH or ref:REFERENCE")}
        readers = {"ref": _ref, "env": _env, "file": _file}
        if sort not in readers or not rest:
            text = "give env:NAME, file:PATH, prompt or ref:REFERENCE; the secret itself is never an argument"
            raise click.BadParameter(text, ctx, param)
        return readers[sort](rest)


def _ref(name: str) -> dict[str, str]:
    return {"ref": name}


def _env(name: str) -> dict[str, str]:
    if name not in os.environ:
        raise click.BadParameter(f"the environment variable {name} is not set")
    return {"value": os.environ[name]}


def _file(name: str) -> dict[str, str]:
    try:
        return {"value": Path(name).read_text(encoding="utf-8").rstrip("\r\n")}
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{name} cannot be read: {type(error).__name__}") from error
