"""Clients of the ledger's server: plain, over TLS, or through sentinels that know which server is the primary now."""

from __future__ import annotations

import ssl
from typing import Any

import redis
from redis.sentinel import Sentinel, SentinelConnectionPool

from service.ledger.servers import ONLY_URL, Access, SentinelUrl, Servers, is_sentinel, sentinel_url

_CONNECT_SECONDS = 3
_ANSWER_SECONDS = 10


def connect(url: str, servers: Servers = ONLY_URL, **options: Any) -> redis.Redis:
    """Return a client with bounded waits that decodes its answers; `options` are redis-py's. Does not connect yet.

    Raises:
        ValueError: the URL cannot be used.
    """
    options = {
        "decode_responses": True,
        "socket_timeout": _ANSWER_SECONDS,
        "socket_connect_timeout": _CONNECT_SECONDS,
        "socket_keepalive": True,
        **options,
    }
    if is_sentinel(url):
        return _through_sentinels(sentinel_url(url), servers, options)
    tls = servers.redis.tls_options() if url.startswith("rediss://") else {}
    return redis.Redis.from_url(url, **tls, **_credentials(servers.redis), **options)


def behind_sentinels(client: redis.Redis) -> tuple[str, ...]:
    """Return the hosts of the primary and the replicas that sentinels know for this client; () without sentinels.

    Raise redis errors.
    """
    pool: Any = client.connection_pool
    if not isinstance(pool, SentinelConnectionPool):
        return ()
    asked: Any = pool
    places = [asked.get_master_address(), *asked.sentinel_manager.discover_slaves(asked.service_name)]
    return tuple(dict.fromkeys(str(host) for host, _ in places))


def refused_for_good(error: BaseException) -> str:
    """Return why a server cannot be used however often it is tried, for people; '' for what may pass.

    A certificate that is not trusted or is for another name, a password that is wrong.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"the server's certificate is not accepted: {seen.verify_message} (MATRYOSHKA_REDIS_CA_FILE)"
        if isinstance(seen, ssl.SSLError) and "CERTIFICATE_REQUIRED" in str(seen.reason):
            return "the server asks for a client certificate (MATRYOSHKA_REDIS_CERT_FILE, MATRYOSHKA_REDIS_KEY_FILE)"
        if isinstance(seen, redis.AuthenticationError):
            return "the server refuses the user or the password (MATRYOSHKA_REDIS_URL, MATRYOSHKA_REDIS_PASSWORD_FILE)"
        seen = seen.__cause__ or seen.__context__
    return ""


def _through_sentinels(url: SentinelUrl, servers: Servers, options: dict[str, Any]) -> redis.Redis:
    ours = Access(username=url.username, password=servers.redis.password or url.password)
    tls = {"ssl": True, **servers.redis.tls_options()} if url.secure else {}
    asked = {
        **{name: options[name] for name in ("socket_timeout", "socket_connect_timeout", "socket_keepalive")},
        **tls,
        **_credentials(servers.sentinel),
    }
    make: Any = Sentinel  # redis-py has no types for it
    sentinel = make(list(url.sentinels), sentinel_kwargs=asked)
    client: redis.Redis = sentinel.master_for(url.master, db=url.database, **tls, **_credentials(ours), **options)
    return client


def _credentials(access: Access) -> dict[str, str]:
    given = {"username": access.username, "password": access.password}
    return {name: value for name, value in given.items() if value}
