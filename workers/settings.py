"""What a worker process reads from its environment, once, at start. A bad value is refused with the variable's name."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.ledger.reach import Network, hosts_of, networks_of
from service.ledger.servers import ONLY_URL, BadServer, Servers, servers_of
from service.observing.listening import VARIABLE, place_of

_NAMESPACE = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,100}")
_SHORTEST_LEASE = 3.0
_LONGEST_POLL = 20.0  # the connection's read time-out must stay above it
_STANDARD_SCHEDULE = "0,5,300,1800,7200,18000,36000,50400,72000,86400"


class SettingsError(ValueError):
    """A variable of the environment cannot be used. Mend the environment and start again."""

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")
        self.variable = variable


@dataclass(frozen=True)
class VaultSettings:
    """Where `vault:` references are read. A token (given, or in a file that may change) or an AppRole's two files.

    `ca_file` '' means the system's authorities.
    """

    address: str
    token: str = field(default="", repr=False)
    token_file: str = ""
    role_id_file: str = ""
    secret_id_file: str = ""
    approle_mount: str = "approle"
    namespace: str = ""
    ca_file: str = ""
    timeout_seconds: float = 10.0

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> VaultSettings | None:
        """Read Vault's own variables; None without VAULT_ADDR. Raises SettingsError."""
        address = _text(environ, "VAULT_ADDR").rstrip("/")
        if not address:
            return None
        if not address.startswith(("http://", "https://")):
            raise SettingsError("VAULT_ADDR", f"must start with http:// or https://, not {address!r}")
        found = cls(
            address,
            token=_text(environ, "VAULT_TOKEN"),
            token_file=_text(environ, "VAULT_TOKEN_FILE"),
            role_id_file=_text(environ, "VAULT_ROLE_ID_FILE"),
            secret_id_file=_text(environ, "VAULT_SECRET_ID_FILE"),
            approle_mount=_text(environ, "VAULT_APPROLE_MOUNT") or "approle",
            namespace=_text(environ, "VAULT_NAMESPACE"),
            ca_file=_text(environ, "VAULT_CACERT"),
            timeout_seconds=_number(environ, "MATRYOSHKA_VAULT_TIMEOUT_SECONDS", 10, 0.1),
        )
        if bool(found.role_id_file) != bool(found.secret_id_file):
            raise SettingsError("VAULT_ROLE_ID_FILE", "and VAULT_SECRET_ID_FILE belong together")
        if not (found.token or found.token_file or found.role_id_file):
            reason = "is not set; without it or VAULT_TOKEN, VAULT_ROLE_ID_FILE and VAULT_SECRET_ID_FILE are needed"
            raise SettingsError("VAULT_TOKEN_FILE", reason)
        return found


@dataclass(frozen=True)
class Settings:
    """Settings of a worker process; all durations in seconds.

    `worker_name` must stay the same over restarts of one place (`w1@host`) and differ between processes that run at
    the same time: at boot the leases of the same name are taken back. `has_stable_name` is False when it was made up.
    `metrics_listen` is the host and port on which scrapes are answered, None for nowhere.
    `servers` is how the ledger's server and the broker are reached beside `redis_url`.
    """

    redis_url: str
    worker_name: str
    has_stable_name: bool
    namespace: str = "mk"
    private_key_file: str = ""
    secrets_dir: str = ""
    vault: VaultSettings | None = None
    lease_seconds: float = 60.0
    heartbeat_seconds: float = 10.0
    fence_margin_seconds: float = 2.0
    poll_seconds: float = 1.0
    drain_seconds: float = 10.0
    sweep_seconds: float = 1.0
    retention_seconds: int = 604_800
    durability: str = "strict"
    base_url: str = ""
    webhook_networks: tuple[Network, ...] = ()
    webhook_hosts: tuple[str, ...] = ()
    webhook_schedule: tuple[float, ...] = ()
    audit_max: int = 1_000_000
    slack_api_url: str = "https://slack.com/api"
    metrics_listen: tuple[str, int] | None = None
    servers: Servers = ONLY_URL

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check every variable; raises SettingsError with the first one that cannot be used."""
        name = environ.get("MATRYOSHKA_WORKER_NAME", "").strip()
        settings = cls(
            redis_url=_required(environ, "MATRYOSHKA_REDIS_URL"),
            worker_name=_matching(environ, "MATRYOSHKA_WORKER_NAME", _made_up_name(), _NAME),
            has_stable_name=bool(name),
            namespace=_matching(environ, "MATRYOSHKA_NAMESPACE", "mk", _NAMESPACE),
            private_key_file=environ.get("MATRYOSHKA_PRIVATE_KEY_FILE", "").strip(),
            secrets_dir=environ.get("MATRYOSHKA_SECRETS_DIR", "").strip(),
            vault=VaultSettings.from_env(environ),
            lease_seconds=_number(environ, "MATRYOSHKA_LEASE_SECONDS", 60, _SHORTEST_LEASE),
            heartbeat_seconds=_number(environ, "MATRYOSHKA_HEARTBEAT_SECONDS", 10, 0.1),
            fence_margin_seconds=_number(environ, "MATRYOSHKA_SELF_FENCE_MARGIN_SECONDS", 2, 0.1),
            poll_seconds=min(_LONGEST_POLL, _number(environ, "MATRYOSHKA_POLL_SECONDS", 1, 0.1)),
            drain_seconds=_number(environ, "MATRYOSHKA_DRAIN_SECONDS", 10, 0.1),
            sweep_seconds=_number(environ, "MATRYOSHKA_SWEEP_SECONDS", 1, 0.05),
            retention_seconds=int(_number(environ, "MATRYOSHKA_RETENTION_SECONDS", 604_800, 60)),
            durability=_one_of(environ, "MATRYOSHKA_DURABILITY", ("strict", "warn")),
            base_url=environ.get("MATRYOSHKA_BASE_URL", "").strip().rstrip("/"),
            webhook_networks=_networks(environ, "MATRYOSHKA_WEBHOOK_NETWORKS", "0.0.0.0/0,::/0"),
            webhook_hosts=_hosts(environ, "MATRYOSHKA_WEBHOOK_HOSTS"),
            webhook_schedule=_schedule(environ, "MATRYOSHKA_WEBHOOK_SCHEDULE", _STANDARD_SCHEDULE),
            audit_max=int(_number(environ, "MATRYOSHKA_AUDIT_MAX", 1_000_000, 1000)),
            slack_api_url=_url(environ, "MATRYOSHKA_SLACK_API_URL", "https://slack.com/api"),
            metrics_listen=_place(environ, VARIABLE),
            servers=_servers(environ),
        )
        return _consistent(settings)

    def private_keys(self) -> str:
        """Return the text of the private keys that open sealed secrets, as it is now; raises SettingsError."""
        name = "MATRYOSHKA_PRIVATE_KEY_FILE"
        if not self.private_key_file:
            raise SettingsError(name, "is not set; `matryoshka sealing-key create` makes a key pair")
        try:
            return Path(self.private_key_file).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(name, f"cannot be read: {type(error).__name__}") from error


def _consistent(settings: Settings) -> Settings:
    # A lease must outlive a missed renewal and the reconnection after it, or work is lost at every hiccup of the
    # ledger.
    if settings.lease_seconds < 3 * settings.heartbeat_seconds:
        raise SettingsError("MATRYOSHKA_LEASE_SECONDS", "must be at least three times MATRYOSHKA_HEARTBEAT_SECONDS")
    if settings.fence_margin_seconds >= settings.lease_seconds / 2:
        raise SettingsError("MATRYOSHKA_SELF_FENCE_MARGIN_SECONDS", "must be below half of MATRYOSHKA_LEASE_SECONDS")
    return settings


def _made_up_name() -> str:
    host = re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname())[:60] or "worker"
    return f"{host}-{os.getpid()}"


def _servers(environ: Mapping[str, str]) -> Servers:
    try:
        return servers_of(environ)
    except BadServer as error:
        raise SettingsError(error.variable, error.reason) from error


def _text(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()


def _url(environ: Mapping[str, str], name: str, default: str) -> str:
    text = _text(environ, name).rstrip("/") or default
    if not text.startswith(("http://", "https://")):
        raise SettingsError(name, f"must start with http:// or https://, not {text!r}")
    return text


def _place(environ: Mapping[str, str], name: str) -> tuple[str, int] | None:
    try:
        return place_of(environ.get(name, ""))
    except ValueError as error:
        raise SettingsError(name, str(error)) from error


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise SettingsError(name, "is not set")
    return value


def _matching(environ: Mapping[str, str], name: str, default: str, pattern: re.Pattern[str]) -> str:
    text = environ.get(name, "").strip() or default
    if not pattern.fullmatch(text):
        raise SettingsError(name, f"does not match {pattern.pattern}")
    return text


def _one_of(environ: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    text = environ.get(name, "").strip() or allowed[0]
    if text not in allowed:
        raise SettingsError(name, f"must be one of {', '.join(allowed)}, not {text!r}")
    return text


def _number(environ: Mapping[str, str], name: str, default: float, at_least: float) -> float:
    text = environ.get(name, "").strip()
    if not text:
        return float(default)
    return _checked_number(name, text, at_least)


def _checked_number(name: str, text: str, at_least: float) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise SettingsError(name, f"is not a number: {text!r}") from error
    if not at_least <= number < float("inf"):
        raise SettingsError(name, f"must be at least {at_least:g}, not {text!r}")
    return number


def _networks(environ: Mapping[str, str], name: str, default: str) -> tuple[Network, ...]:
    text = environ.get(name, "").strip() or default
    try:
        return networks_of(text)
    except ValueError as error:
        raise SettingsError(name, f"is not a list of networks: {error}") from error


def _hosts(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    try:
        return hosts_of(environ.get(name, ""))
    except ValueError as error:
        raise SettingsError(name, f"is not a list of host names: {error}") from error


def _schedule(environ: Mapping[str, str], name: str, default: str) -> tuple[float, ...]:
    text = environ.get(name, "").strip() or default
    return tuple(_checked_number(name, part.strip(), 0) for part in text.split(",") if part.strip())
