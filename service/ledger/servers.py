"""How the ledger's server and the broker are reached beside their URLs: authorities, certificates, passwords.

Read once, at start, from files that the environment names. Nothing of it is ever printed.

`sentinel://[user:password@]host[:26379],host,.../database?master=name` asks sentinels; `sentinels://` does so over TLS.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

REDIS = "MATRYOSHKA_REDIS"
SENTINEL = "MATRYOSHKA_SENTINEL"
BROKER = "MATRYOSHKA_BROKER"
REDIS_SCHEMES = ("redis", "rediss", "unix", "sentinel", "sentinels")
BROKER_SCHEMES = ("amqp", "amqps")
SENTINEL_PORT = 26379


class BadServer(ValueError):
    """A variable cannot be used. Mend the environment and start again."""

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")
        self.variable = variable
        self.reason = reason


@dataclass(frozen=True)
class Access:
    """What one server asks of its clients.

    `ca_file` '' means the system's authorities. `cert_file` and `key_file` are a client certificate, '' for none.
    `password` '' means that the URL's, if any, is right.
    """

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)

    def tls_options(self) -> dict[str, object]:
        """Return TLS settings as redis-py and kombu spell them: the certificate must be good and for this name."""
        files = {"ssl_ca_certs": self.ca_file, "ssl_certfile": self.cert_file, "ssl_keyfile": self.key_file}
        given = {name: path for name, path in files.items() if path}
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True, **given}


NO_ACCESS = Access()


@dataclass(frozen=True)
class Servers:
    """What is needed beside the ledger's URL. `broker_url` '' means that the ledger's server carries wake-ups too."""

    redis: Access = NO_ACCESS
    sentinel: Access = NO_ACCESS
    broker_url: str = field(default="", repr=False)  # it may hold a password
    broker: Access = NO_ACCESS


ONLY_URL = Servers()

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class SentinelUrl:
    """What a URL of sentinels says. `username` and `password` ('' for none) are those of the server behind them."""

    sentinels: tuple[tuple[str, int], ...]
    database: int
    master: str
    secure: bool
    username: str = ""
    password: str = field(default="", repr=False)


def is_sentinel(url: str) -> bool:
    """Tell whether a URL names sentinels."""
    return url.startswith(("sentinel://", "sentinels://"))


def sentinel_url(url: str) -> SentinelUrl:
    """Read a URL of sentinels. Raise ValueError, without its password, when it is none."""
    # By hand: `urlsplit` takes several hosts for one, and refuses them when a later one is an IPv6 address.
    scheme, _, rest = url.partition("#")[0].partition("://")
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    userinfo, _, hosts = authority.rpartition("@")
    username, _, password = userinfo.partition(":")
    master = parse_qs(query).get("master", [""])[0]
    database = path.strip("/") or "0"
    sentinels = tuple(_sentinel(one.strip()) for one in hosts.split(",") if one.strip())
    if not sentinels or not master or not database.isdecimal():
        raise ValueError("sentinels are named as sentinel://host:26379,host:26379/0?master=name")
    secure = scheme == "sentinels"
    return SentinelUrl(sentinels, int(database), master, secure, unquote(username), unquote(password))


def hosts_of(url: str) -> tuple[str, ...]:
    """Return the host names that a URL of a Redis server or of sentinels has; none of a Unix socket."""
    if is_sentinel(url):
        return tuple(host for host, _ in sentinel_url(url).sentinels)
    host = urlsplit(url).hostname
    return (host,) if host else ()


def is_local(url: str) -> bool:
    """Tell whether a Redis server is this machine's: its URL has a loopback name, or a Unix socket."""
    return not is_sentinel(url) and {*hosts_of(url)} <= LOOPBACK


def servers_of(environ: Mapping[str, str]) -> Servers:
    """Read and check the variables of all servers.

    Raises:
        BadServer: names the first variable that cannot be used.
    """
    _check_scheme(environ, f"{REDIS}_URL", REDIS_SCHEMES)
    _check_scheme(environ, f"{BROKER}_URL", BROKER_SCHEMES)
    url = environ.get(f"{REDIS}_URL", "").strip()
    if is_sentinel(url):
        try:
            sentinel_url(url)
        except ValueError as error:
            raise BadServer(f"{REDIS}_URL", f"cannot be used: {error}") from error
    redis = _access(environ, REDIS)
    # Sentinels are reached with the same certificates as the server that they name.
    username = environ.get(f"{SENTINEL}_USERNAME", "").strip()
    password = _secret(environ, f"{SENTINEL}_PASSWORD_FILE")
    sentinel = Access(redis.ca_file, redis.cert_file, redis.key_file, username, password)
    return Servers(redis, sentinel, environ.get(f"{BROKER}_URL", "").strip(), _access(environ, BROKER))


def _check_scheme(environ: Mapping[str, str], name: str, known: tuple[str, ...]) -> None:
    text = environ.get(name, "").strip()
    scheme = text.partition("://")[0]
    if text and scheme not in known:
        # The URL may hold a password: only its beginning is shown, and not even that when there is no scheme at all.
        shown = f", not {scheme}://" if "://" in text else ""
        raise BadServer(name, f"must start with {', '.join(f'{one}://' for one in known)}{shown}")


def _access(environ: Mapping[str, str], prefix: str) -> Access:
    ca, cert, key = (environ.get(f"{prefix}_{part}_FILE", "").strip() for part in ("CA", "CERT", "KEY"))
    if bool(cert) != bool(key):
        missing, given = ("KEY", "CERT") if cert else ("CERT", "KEY")
        raise BadServer(f"{prefix}_{missing}_FILE", f"is not set; {prefix}_{given}_FILE needs it")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _load(f"{prefix}_CA_FILE", ca, lambda: context.load_verify_locations(ca))
    _load(f"{prefix}_KEY_FILE", cert, lambda: context.load_cert_chain(cert, key, password=_no_passphrase))
    secure = environ.get(f"{prefix}_URL", "").strip().partition("://")[0] in ("rediss", "sentinels", "amqps")
    if (ca or cert) and not secure:
        wanted = "amqps://" if prefix == BROKER else "rediss:// or sentinels://"
        raise BadServer(f"{prefix}_{'CA' if ca else 'CERT'}_FILE", f"is for TLS: {prefix}_URL must start with {wanted}")
    return Access(ca, cert, key, password=_secret(environ, f"{prefix}_PASSWORD_FILE"))


def _no_passphrase() -> str:
    raise ValueError("it has a passphrase, which nobody could type in")


def _load(name: str, path: str, load: Callable[[], None]) -> None:
    if not path:
        return
    try:
        load()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else str(error)
        raise BadServer(name, f"cannot be used: {reason} ({path})") from error


def _secret(environ: Mapping[str, str], name: str) -> str:
    path = environ.get(name, "").strip()
    if not path:
        return ""
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadServer(name, f"cannot be read: {type(error).__name__} ({path})") from error
    if not text:
        raise BadServer(name, "is an empty file")
    return text


def _sentinel(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    return parts.hostname or "", parts.port or SENTINEL_PORT
