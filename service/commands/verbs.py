"""Verbs and groups of the command: each takes the global options, so `-o json` may stand before or behind the verb.

Make a group with `@click.group(cls=Verbs)`; its commands and groups are of these classes then. What was chosen is kept
with the running command: `choices()`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from service.commands.profiles import complete_names

ID = re.compile(r"[A-Za-z0-9_-]+")
FORMATS = ("table", "json", "yaml", "jsonl")
_KEY = "service.commands.choices"


@dataclass
class Choices:
    """What the global options said; empty where they said nothing."""

    profile: str = ""
    url: str = ""
    ca_file: str = ""
    output: str = ""
    no_input: bool = False
    no_color: bool = False
    limit: int | None = None


def choices() -> Choices:
    """Return the choices of the running command; outside of one there are none."""
    context = click.get_current_context(silent=True)
    if context is None:
        return Choices()
    found: Choices = context.meta.setdefault(_KEY, Choices())
    return found


def _kept(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        # What is not given behind the verb may have been given before it.
        if value:
            setattr(context.meta.setdefault(_KEY, Choices()), name, value)

    return keep


def _json(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    _kept("output")(context, parameter, "json" if value else "")


def _option(*names: str, keep: str, **attributes: Any) -> click.Option:
    # Before all others: who asks for a secret must know whether he may.
    return click.Option(names, expose_value=False, is_eager=True, callback=_kept(keep), **attributes)


GLOBAL_OPTIONS: tuple[click.Option, ...] = (
    _option(
        "--profile",
        keep="profile",
        metavar="NAME",
        shell_complete=complete_names,
        help="The profile to use; beats the environment.",
    ),
    _option("-o", "--output", keep="output", type=click.Choice(FORMATS), help="How results are printed."),
    click.Option(["--json"], is_flag=True, expose_value=False, callback=_json, hidden=True, help="Same as -o json."),
    _option("--no-input", keep="no_input", is_flag=True, help="Never ask."),
    _option("--no-color", keep="no_color", is_flag=True, help="No colours; NO_COLOR does the same."),
)
# `hosts add` and `webhooks add` have options of these names with other meanings: these stand before the verb only.
ROOT_OPTIONS: tuple[click.Option, ...] = (
    _option("--url", keep="url", metavar="URL", help="The service's address; beats profile and environment."),
    _option("--ca-file", keep="ca_file", type=click.Path(), help="PEM certificates to trust for it."),
)


# For verbs that end in `show_list`, which obeys it.
limited = click.option(
    "--limit", type=click.IntRange(min=1), expose_value=False, callback=_kept("limit"), help="Show so many at most."
)


class _Globals(click.Command):
    """Adds the global options to what a command has, except those whose names the command uses itself."""

    added: tuple[click.Option, ...] = GLOBAL_OPTIONS

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters, then the global ones."""
        own = super().get_params(ctx)
        return [*own, *self._added_to(own)]

    def _added_to(self, own: list[click.Parameter]) -> list[click.Option]:
        taken = {name for parameter in own for name in parameter.opts}
        return [option for option in self.added if not taken & set(option.opts)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options and the global ones apart."""
        own = super().get_params(ctx)
        for title, parameters in (("Options", own), ("Global options", self._added_to(own))):
            rows = [row for one in parameters if (row := one.get_help_record(ctx)) is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class Verb(_Globals):
    """A command with the global options. Its arguments `..._ID` go into addresses: they are ids and nothing else."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it. Raises click.BadParameter for what can be no id: a slash or `?` would ask for something else."""
        for one in self.params:
            is_id = isinstance(one, click.Argument) and str(one.name).endswith("_id")
            if is_id and not ID.fullmatch(ctx.params[str(one.name)]):
                raise click.BadParameter(f"{ctx.params[str(one.name)]!r} is no id", ctx, one)
        return super().invoke(ctx)


class Verbs(_Globals, click.Group):
    """A group whose commands and groups have the global options too."""

    command_class = Verb
    group_class = type

    def __init__(self, *arguments: Any, old_names: Mapping[str, str] | None = None, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._old_names = dict(old_names or {})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, or by one that it had before, which help does not show."""
        return super().get_command(ctx, self._old_names.get(cmd_name, cmd_name))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)
