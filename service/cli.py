"""The `matryoshka` command: a caller's verbs over HTTP, an operator's verbs on Redis and key files."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
import redis

from service.commands.admin import keys, openapi
from service.commands.audit import audit
from service.commands.backup import backup, restore
from service.commands.jobs import jobs
from service.commands.resources import events, hosts, images, labs
from service.commands.sealing import sealing_key, secrets
from service.commands.slack import slack
from service.commands.steering import approve  # noqa: F401 - the module adds its verbs to `jobs` and `hosts`
from service.commands.tenants import tenants
from service.commands.webhooks import webhooks

_INTERRUPTED = 130


@click.group()
def matryoshka() -> None:
    """Nested Hyper-V labs. Callers set MATRYOSHKA_URL and MATRYOSHKA_API_KEY; operators set MATRYOSHKA_REDIS_URL."""


for _command in (
    jobs,
    labs,
    hosts,
    images,
    events,
    webhooks,
    slack,
    keys,
    tenants,
    sealing_key,
    secrets,
    audit,
    backup,
    restore,
    openapi,
):
    matryoshka.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code; Ctrl-C is 130."""
    try:
        code = matryoshka.main(args=arguments, prog_name="matryoshka", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        code = _INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except redis.RedisError as error:
        click.echo(f"Error: the ledger at MATRYOSHKA_REDIS_URL cannot be used: {type(error).__name__}.", err=True)
        code = 1
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
