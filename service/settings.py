"""What the web process reads from its environment, once, at start. A bad value is refused with the variable's name."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from service.ledger.reach import EVERYWHERE, Network, hosts_of, networks_of
from service.ledger.servers import ONLY_URL, BadServer, Servers, servers_of
from service.ledger.store.settings import STANDARD_SCHEDULE
from service.oidc_settings import OidcSettings
from service.settings_error import SettingsError
from service.slack_settings import SlackSettings, read_teams

__all__ = ["Settings", "SettingsError"]

T = TypeVar("T")
_KEY_BYTES = 32
_DURABILITIES = ("strict", "warn")
_NAMESPACE = re.compile(r"[A-Za-z0-9_.-]{1,32}")


@dataclass(frozen=True)
class Settings:
    """Settings of the web process.

    `public_key` is a base64 X25519 key: this process can seal secrets and never open them. `cursor_key` signs page
    cursors. `base_url` ('' = taken from the request) is what Location and Link headers start with. `stream_cap` bounds
    open event streams and `wait_cap` waiting GETs, both of one process. `webhook_schedule` are the seconds before each
    try of a delivery, as the workers have it: the first one counts from the event, which this process may write.
    `key_hash_key` hashes API keys (b"": they are kept as plain SHA-256).
    `webhook_networks` and `webhook_hosts` are the workers' too: here they refuse early what a worker would refuse.
    `rate_quota` requests (0 = any number) may be made with one API key in `rate_seconds`, over all processes.
    `audit_max` entries are kept in the audit log. So many proxies stand before this process (`proxy_hops`) whose
    X-Forwarded-For is believed. `oidc` None: only API keys are taken. `slack` None: Slack is not
    set up. `servers` is how the ledger's server and the broker are reached beside `redis_url`.
    """

    redis_url: str
    public_key: str
    cursor_key: bytes
    namespace: str = "mk"
    sweep_seconds: float = 1.0
    retention_seconds: int = 604_800
    durability: str = "strict"
    base_url: str = ""
    stream_cap: int = 64
    stream_keepalive_seconds: float = 15.0
    wait_cap: int = 16
    rate_quota: int = 6_000
    rate_seconds: int = 60
    webhook_schedule: tuple[float, ...] = STANDARD_SCHEDULE
    audit_max: int = 1_000_000
    proxy_hops: int = 0
    oidc: OidcSettings | None = None
    slack: SlackSettings | None = None
    key_hash_key: bytes = field(default=b"", repr=False)
    webhook_networks: tuple[Network, ...] = EVERYWHERE
    webhook_hosts: tuple[str, ...] = ()
    servers: Servers = ONLY_URL

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check every variable.

        Raises:
            SettingsError: names the first variable that is missing or cannot be used.
        """
        public_key = _public_key(environ)
        return cls(
            redis_url=_required(environ, "MATRYOSHKA_REDIS_URL"),
            public_key=public_key,
            cursor_key=_cursor_key(environ, public_key),
            namespace=_namespace(environ),
            sweep_seconds=_number(environ, "MATRYOSHKA_SWEEP_SECONDS", 1.0, at_least=0.05),
            retention_seconds=int(_number(environ, "MATRYOSHKA_RETENTION_SECONDS", 604_800, at_least=60)),
            durability=_durability(environ),
            base_url=_base_url(environ),
            stream_cap=int(_number(environ, "MATRYOSHKA_STREAM_CAP", 64, at_least=1)),
            stream_keepalive_seconds=_number(environ, "MATRYOSHKA_STREAM_KEEPALIVE_SECONDS", 15.0, at_least=0.05),
            wait_cap=int(_number(environ, "MATRYOSHKA_WAIT_CAP", 16, at_least=0)),
            rate_quota=int(_number(environ, "MATRYOSHKA_RATE_QUOTA", 6_000, at_least=0)),
            rate_seconds=int(_number(environ, "MATRYOSHKA_RATE_SECONDS", 60, at_least=1)),
            webhook_schedule=_schedule(environ),
            audit_max=int(_number(environ, "MATRYOSHKA_AUDIT_MAX", 1_000_000, at_least=1000)),
            proxy_hops=int(_number(environ, "MATRYOSHKA_PROXY_HOPS", 0, at_least=0)),
            oidc=OidcSettings.from_env(environ),
            slack=_slack(environ),
            key_hash_key=key_hash_key(environ),
            webhook_networks=_listed(environ, "MATRYOSHKA_WEBHOOK_NETWORKS", networks_of) or EVERYWHERE,
            webhook_hosts=_listed(environ, "MATRYOSHKA_WEBHOOK_HOSTS", hosts_of),
            servers=_servers(environ),
        )


def _servers(environ: Mapping[str, str]) -> Servers:
    try:
        return servers_of(environ)
    except BadServer as error:
        raise SettingsError(error.variable, error.reason) from error


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise SettingsError(name, "is not set")
    return value


def _number(environ: Mapping[str, str], name: str, default: float, *, at_least: float) -> float:
    text = environ.get(name, "").strip()
    return _checked_number(name, text, at_least) if text else default


def _schedule(environ: Mapping[str, str]) -> tuple[float, ...]:
    name = "MATRYOSHKA_WEBHOOK_SCHEDULE"
    parts = [part.strip() for part in environ.get(name, "").split(",")]
    return tuple(_checked_number(name, part, 0) for part in parts if part) or STANDARD_SCHEDULE


def _listed(environ: Mapping[str, str], name: str, read: Callable[[str], tuple[T, ...]]) -> tuple[T, ...]:
    try:
        return read(environ.get(name, ""))
    except ValueError as error:
        raise SettingsError(name, f"cannot be used: {error}") from error


def _checked_number(name: str, text: str, at_least: float) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise SettingsError(name, f"is not a number: {text!r}") from error
    if not at_least <= number < float("inf"):
        raise SettingsError(name, f"must be at least {at_least:g}, not {text!r}")
    return number


def _namespace(environ: Mapping[str, str]) -> str:
    text = environ.get("MATRYOSHKA_NAMESPACE", "").strip() or "mk"
    if not _NAMESPACE.fullmatch(text):
        raise SettingsError("MATRYOSHKA_NAMESPACE", "must be 1 to 32 letters, digits, '_', '.' or '-'")
    return text


def _durability(environ: Mapping[str, str]) -> str:
    text = environ.get("MATRYOSHKA_DURABILITY", "").strip() or "strict"
    if text not in _DURABILITIES:
        raise SettingsError("MATRYOSHKA_DURABILITY", f"must be one of {', '.join(_DURABILITIES)}, not {text!r}")
    return text


def _base_url(environ: Mapping[str, str]) -> str:
    text = environ.get("MATRYOSHKA_BASE_URL", "").strip().rstrip("/")
    if text and not text.startswith(("http://", "https://")):
        raise SettingsError("MATRYOSHKA_BASE_URL", f"must start with http:// or https://, not {text!r}")
    return text


def _file(name: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(name, f"cannot be read: {error.strerror} ({path})") from error


def _slack(environ: Mapping[str, str]) -> SlackSettings | None:
    name, teams = "MATRYOSHKA_SLACK_SIGNING_SECRET", "MATRYOSHKA_SLACK_TEAMS_FILE"
    secret = environ.get(name, "").strip()
    path = environ.get(f"{name}_FILE", "").strip()
    if not secret and path:
        name, secret = f"{name}_FILE", _file(f"{name}_FILE", path).decode("utf-8", "replace").strip()
        if not secret:
            raise SettingsError(name, "is an empty file")
    teams_path = environ.get(teams, "").strip()
    if not secret and not teams_path:
        return None
    if not secret or not teams_path:
        raise SettingsError(teams if secret else name, "is not set; Slack needs its signing secret and its teams")
    content = _file(teams, teams_path)
    try:
        return SlackSettings(secret, read_teams(content.decode("utf-8")))
    except UnicodeDecodeError:
        raise SettingsError(teams, "is not UTF-8") from None
    except ValueError as error:
        raise SettingsError(teams, str(error)) from None


def _public_key(environ: Mapping[str, str]) -> str:
    name, text = _value_or_file(environ, "MATRYOSHKA_PUBLIC_KEY")
    if not text:
        raise SettingsError(name, "is not set; `matryoshka sealing-key create` makes a key pair")
    _key_bytes(name, text)
    return text


def key_hash_key(environ: Mapping[str, str]) -> bytes:
    """Return the key that API keys are hashed with, 32 bytes in base64; b"" when none is set.

    Raises:
        SettingsError: it is none.
    """
    name, text = _value_or_file(environ, "MATRYOSHKA_KEY_HASH_KEY")
    if not text and name.endswith("_FILE"):
        raise SettingsError(name, "is empty")
    return _key_bytes(name, text) if text else b""


def _value_or_file(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return the variable that was read, and its text: its own, or of the file that is named beside it; '' for none."""
    text = environ.get(name, "").strip()
    path = environ.get(f"{name}_FILE", "").strip()
    if text or not path:
        return name, text
    return f"{name}_FILE", _file(f"{name}_FILE", path).decode("ascii", "replace").strip()


def _key_bytes(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SettingsError(name, "is not base64") from error
    if len(key) != _KEY_BYTES:
        raise SettingsError(name, f"must be {_KEY_BYTES} bytes in base64, not {len(key)}")
    return key


def _cursor_key(environ: Mapping[str, str], public_key: str) -> bytes:
    path = environ.get("MATRYOSHKA_CURSOR_KEY_FILE", "").strip()
    material = _file("MATRYOSHKA_CURSOR_KEY_FILE", path) if path else public_key.encode()
    return hashlib.sha256(b"matryoshka cursor\0" + material).digest()
