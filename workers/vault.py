"""Reads `vault:` references: secrets of a HashiCorp Vault's KV engine, version 1 or 2. The only importer of hvac."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

from workers.errors import SecretUnavailable
from workers.settings import VaultSettings

try:
    import hvac
    from hvac import exceptions as refusals
except ImportError:  # the extra `vault` is not installed
    hvac = None

REFERENCE = re.compile(r"vault:(?P<mount>[^/#]+)/(?P<path>[^#]+)#(?P<field>[^#]+)")
# Each claim of each step reads its host's password: Vault is asked once in this time, and a changed secret is seen
# after it.
_KEPT_SECONDS = 30.0
_KV_2 = "2"
_NOT_VAULT = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)  # what hvac runs into when the answer is no JSON of Vault
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class _Place:
    mount: str
    path: str
    field: str

    def __str__(self) -> str:
        return f"vault:{self.mount}/{self.path}#{self.field}"


@dataclass
class Vault:
    """A Vault server. One a process; safe to share between threads. Values are kept for half a minute."""

    settings: VaultSettings
    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, str]] = field(default_factory=dict, repr=False)
    _versions: dict[str, str] = field(default_factory=dict, repr=False)
    _known_client: Any = field(default=None, repr=False)

    def read(self, reference: str) -> str:
        """Return what `vault:mount/path#field` holds; raises SecretUnavailable, which never shows a value."""
        kept = self.kept(reference)
        if kept is not None:
            return kept
        value = self._asked(_place(reference))
        self._kept[reference] = (self.monotonic() + _KEPT_SECONDS, value)
        return value

    def kept(self, reference: str) -> str | None:
        """Return the value when it was read a moment ago; never asks the server."""
        until, value = self._kept.get(reference, (0.0, ""))
        return value if until > self.monotonic() else None

    def _asked(self, place: _Place) -> str:
        if hvac is None:
            raise SecretUnavailable(f"{place}: the workers lack the package hvac (pip install matryoshka[vault])")
        try:
            data = self._with_token(lambda client: self._data(client, place))
        except refusals.InvalidPath as error:
            raise SecretUnavailable(f"{place}: there is no such secret") from error
        except (refusals.Forbidden, refusals.Unauthorized, refusals.InvalidRequest) as error:
            raise SecretUnavailable(f"{place}: Vault refuses it ({type(error).__name__})") from error
        except (refusals.VaultError, requests.RequestException, *_NOT_VAULT) as error:
            # Down, sealed, standby, overloaded, not reachable, or an answer that is not Vault's.
            raise SecretUnavailable(f"{place}: no answer of Vault ({type(error).__name__})", retryable=True) from error
        value = data.get(place.field)
        if not isinstance(value, str) or not value:
            raise SecretUnavailable(f"{place}: the secret has no such field with a text")
        return value

    def _with_token(self, ask: Callable[[Any], _Answer]) -> _Answer:
        """Ask with the token at hand; when it is refused, once more with a new one: tokens end and are replaced."""
        client = self._client()
        had = client.token
        if had:
            try:
                return ask(client)
            except refusals.Forbidden:
                client.token = self._new_token()
                if client.token == had:
                    raise
        else:
            client.token = self._new_token()
        return ask(client)

    def _client(self) -> Any:
        if self._known_client is None:
            settings = self.settings
            self._known_client = hvac.Client(
                url=settings.address,
                verify=settings.ca_file or True,
                timeout=settings.timeout_seconds,
                namespace=settings.namespace or None,
            )
            self._known_client.token = None  # hvac looks for one in the environment and the home directory
        return self._known_client

    def _new_token(self) -> str:
        settings = self.settings
        if not settings.role_id_file:
            return _text_of(settings.token_file) if settings.token_file else settings.token
        answer = self._client().auth.approle.login(
            role_id=_text_of(settings.role_id_file),
            secret_id=_text_of(settings.secret_id_file),
            mount_point=settings.approle_mount,
            use_token=False,
        )
        return str(answer["auth"]["client_token"])

    def _data(self, client: Any, place: _Place) -> Mapping[str, Any]:
        if place.mount not in self._versions:
            self._versions[place.mount] = _kv_version(client, place.mount)
        engine = client.secrets.kv
        if self._versions[place.mount] == _KV_2:
            answer = engine.v2.read_secret_version(place.path, mount_point=place.mount, raise_on_deleted_version=True)
            found = answer["data"]["data"]
        else:
            found = engine.v1.read_secret(place.path, mount_point=place.mount)["data"]
        return found if isinstance(found, Mapping) else {}


def _kv_version(client: Any, mount: str) -> str:
    """Return "1" or "2", asked as the `vault kv` command does (sys/internal/ui/mounts)."""
    try:
        answer = client.adapter.get(f"/v1/sys/internal/ui/mounts/{mount}")
    except refusals.InvalidPath:
        return "1"  # servers before 0.10 know no version 2
    return str((answer["data"].get("options") or {}).get("version") or "1")


def _place(reference: str) -> _Place:
    match = REFERENCE.fullmatch(reference)
    if match is None or ".." in reference:
        raise SecretUnavailable("a vault reference is vault:mount/path#field")
    return _Place(match["mount"], match["path"], match["field"])


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretUnavailable(f"{path} cannot be read on this worker", retryable=True) from error
