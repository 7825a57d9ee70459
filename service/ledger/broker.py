"""Where wake-ups go: the ledger's own server, directly or through sentinels, or a RabbitMQ beside it.

Gives Celery and kombu what they need, in their spelling. A message is only a wake-up: it may be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from service.ledger.servers import ONLY_URL, Access, Servers, is_sentinel, sentinel_url

# With ack emulation on, a worker dies or hangs when the broker restarts (docs/sources.md C3). Off, a kill loses
# messages: harmless here.
_REDIS_OPTIONS: Mapping[str, Any] = {
    "ack_emulation": False,
    # Wake-ups have no priorities: one list a queue, not four.
    "priority_steps": [0],
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 5,
}
_AMQP_OPTIONS: Mapping[str, Any] = {"connect_timeout": 3, "read_timeout": 10, "write_timeout": 10}


@dataclass(frozen=True)
class Broker:
    """A broker for kombu. `options` are those of its transport; `tls` is None where nothing is encrypted.

    `is_ledger` tells that a move of the ledger can put wake-ups into its queues itself.
    """

    url: str = field(repr=False)  # it may hold a password
    options: Mapping[str, Any] = field(repr=False)
    tls: Mapping[str, Any] | None = field(default=None, repr=False)
    is_ledger: bool = True


def broker_of(redis_url: str, servers: Servers = ONLY_URL) -> Broker:
    """Return the broker of these settings. Raise ValueError for a URL of sentinels that cannot be used."""
    if servers.broker_url:
        return _rabbitmq(servers)
    if is_sentinel(redis_url):
        return _sentinels(redis_url, servers)
    tls = servers.redis.tls_options() if redis_url.startswith("rediss://") else None
    return Broker(_with_password(redis_url, servers.redis), _REDIS_OPTIONS, tls)


def _rabbitmq(servers: Servers) -> Broker:
    secure = servers.broker_url.startswith("amqps://")
    # Without its ssl_ prefix it is what py-amqp calls the same option.
    named = {name.removeprefix("ssl_"): value for name, value in servers.broker.tls_options().items()}
    named.pop("check_hostname")
    host = urlsplit(servers.broker_url).hostname or ""
    tls = {**named, "server_hostname": host} if secure else None
    url = _with_password(servers.broker_url, servers.broker)
    return Broker(url, _AMQP_OPTIONS, tls, is_ledger=False)


def _sentinels(redis_url: str, servers: Servers) -> Broker:
    found = sentinel_url(redis_url)
    password = servers.redis.password or found.password
    user = f"{quote(found.username, safe='')}:{quote(password, safe='')}@" if password or found.username else ""
    # kombu takes credentials and database from the first one and reads the rest for host and port.
    places = [f"{host}:{port}" for host, port in found.sentinels]
    url = ";".join(f"sentinel://{user}{place}/{found.database}" for place in places)
    tls = servers.redis.tls_options() if found.secure else None
    asked = {"socket_timeout": 10, "socket_connect_timeout": 3, **({"ssl": True, **tls} if tls else {})}
    asked |= {
        name: getattr(servers.sentinel, name) for name in ("username", "password") if getattr(servers.sentinel, name)
    }
    options = {**_REDIS_OPTIONS, "master_name": found.master, "sentinel_kwargs": asked}
    return Broker(url, options, tls)


def _with_password(url: str, access: Access) -> str:
    if not access.password:
        return url
    scheme, _, rest = url.partition("://")
    userinfo, _, place = rest.rpartition("@")
    user = userinfo.partition(":")[0]
    return f"{scheme}://{user}:{quote(access.password, safe='')}@{place}"
