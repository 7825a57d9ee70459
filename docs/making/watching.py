"""Which variables a process reads at its start: its settings are made from an environment that notes what is asked."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.settings import Settings as ApiSettings
from workers.settings import Settings as WorkerSettings

_PREFIXES = ("MATRYOSHKA_", "VAULT_", "OTEL_")
# What makes all parts of the settings look for theirs; nothing is opened or reached.
_ENVIRONMENT = {
    "MATRYOSHKA_REDIS_URL": "redis://ledger.example:6379/0",
    "MATRYOSHKA_PUBLIC_KEY": base64.b64encode(bytes(32)).decode(),
    "MATRYOSHKA_OIDC_ISSUER": "https://idp.example",
    "MATRYOSHKA_OIDC_AUDIENCE": "matryoshka",
    "VAULT_ADDR": "https://vault.example",
    "VAULT_TOKEN": "token",
}


class Watched(Mapping[str, str]):
    """An environment that remembers which names were asked for, whether they are there or not."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def asked_at_start() -> Mapping[str, frozenset[str]]:
    """Return the variables that API and workers ask for, by process."""
    readers: Mapping[str, Callable[[Mapping[str, str]], Any]] = {
        "API": ApiSettings.from_env,
        "workers": WorkerSettings.from_env,
    }
    return {who: _asked(read) for who, read in readers.items()}


def _asked(read: Callable[[Mapping[str, str]], Any]) -> frozenset[str]:
    environ = Watched(_ENVIRONMENT)
    read(environ)
    return frozenset(name for name in environ.asked if name.startswith(_PREFIXES))
