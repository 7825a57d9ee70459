"""The `matryoshka` command: a caller's verbs over HTTP, an operator's verbs on Redis and key files."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from service.commands import powershell  # noqa: F401 - the shell is known to click from here on
from service.commands.exits import Exit
from service.commands.verbs import ROOT_OPTIONS, Verbs
from service.ledger.release import installed_release

# Where each verb is. A module is loaded when its verb is used: a caller waits for neither Flask nor Redis.
_VERBS: Mapping[str, str] = {
    "submit": "service.commands.submit:submit",
    "plan": "service.commands.submit:plan",
    "watch": "service.commands.jobs:watch",
    "jobs": "service.commands.steering:jobs",
    "labs": "service.commands.labs:labs",
    "hosts": "service.commands.hosts:hosts",
    "images": "service.commands.images:images",
    "events": "service.commands.events:events",
    "webhooks": "service.commands.webhooks:webhooks",
    "completion": "service.commands.completion:completion",
    "doctor": "service.commands.doctor:doctor",
    "profiles": "service.commands.profile_verbs:profiles",
    "slack": "service.commands.slack:slack",
    "keys": "service.commands.keys:keys",
    "tenants": "service.commands.tenants:tenants",
    "sealing-key": "service.commands.sealing:sealing_key",
    "secrets": "service.commands.sealing:secrets",
    "audit": "service.commands.audit:audit",
    "backup": "service.commands.backup:backup",
    "restore": "service.commands.backup:restore",
    "openapi": "service.commands.document:openapi",
}


class Root(Verbs):
    """The command itself: loads its verbs when they are used."""

    added = (*ROOT_OPTIONS, *Verbs.added)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all verbs, in the order in which help shows them."""
        return [*_VERBS, *(name for name in super().list_commands(ctx) if name not in _VERBS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb, None when there is none of that name."""
        if cmd_name in _VERBS and cmd_name not in self.commands:
            module, _, name = _VERBS[cmd_name].partition(":")
            self.add_command(getattr(importlib.import_module(module), name), cmd_name)
        return super().get_command(ctx, cmd_name)


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(installed_release(), prog_name="matryoshka")
def matryoshka() -> None:
    """Nested Hyper-V labs.

    Callers say where the service is and who they are by a profile (`matryoshka profiles add`) or by MATRYOSHKA_URL and
    MATRYOSHKA_API_KEY; operators set MATRYOSHKA_REDIS_URL for keys, tenants, secrets and audit.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code (service/commands/exits.py)."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code: Any = matryoshka.main(args=arguments, prog_name="matryoshka", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OSError as error:
        # A folder that is not there, a disk that is full; what goes wrong on the network was told apart before.
        click.echo(f"Error: {error.filename or 'the output'}: {error.strerror or type(error).__name__}", err=True)
        return Exit.ERROR
    return code or Exit.OK


if __name__ == "__main__":
    main()
