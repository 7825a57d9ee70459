"""What an operator's verbs share: the ledger of MATRYOSHKA_REDIS_URL, and one line when it cannot be used."""

from __future__ import annotations

import os
from typing import Any

import click
import redis

from service.commands.acting import act_as_user
from service.commands.verbs import Verb, Verbs
from service.ledger.servers import servers_of
from service.ledger.store import Store, StoreSettings, connect


class _OnLedger(click.Command):
    def invoke(self, ctx: click.Context) -> Any:
        """Run it; a server that fails is told in a line without its address, which may hold a password."""
        try:
            return super().invoke(ctx)
        except redis.RedisError as error:
            told = f"the ledger at MATRYOSHKA_REDIS_URL cannot be used: {_named(error)}."
            raise click.ClickException(told) from error


def _named(error: redis.RedisError) -> str:
    """Return the server's word for its refusal, such as NOREPLICAS, else the error's type: neither has an address."""
    word = str(error).partition(" ")[0]
    return word if isinstance(error, redis.ResponseError) and word.isupper() else type(error).__name__


class LedgerVerb(_OnLedger, Verb):
    """A verb that works on the ledger itself."""


class LedgerVerbs(_OnLedger, Verbs):
    """A group of verbs that work on the ledger itself."""


def store_from_env() -> Store:
    """Return the ledger of MATRYOSHKA_REDIS_URL. Raises click.UsageError without it.

    What the running command changes in it is in the audit log, under the name of the machine's user.
    """
    namespace = os.environ.get("MATRYOSHKA_NAMESPACE") or "mk"
    act_as_user()
    return Store(redis_from_env(), StoreSettings(namespace=namespace))


def redis_from_env(**options: Any) -> redis.Redis:
    """Return a client of MATRYOSHKA_REDIS_URL, with redis-py's options. Raises click.UsageError without it."""
    url = os.environ.get("MATRYOSHKA_REDIS_URL", "").strip()
    if not url:
        raise click.UsageError("MATRYOSHKA_REDIS_URL is not set.")
    try:
        return connect(url, servers_of(os.environ), **options)
    except ValueError as error:
        raise click.UsageError(f"MATRYOSHKA_REDIS_URL cannot be used: {error}") from error
