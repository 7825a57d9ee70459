"""How the ledger's server and the broker are reached: each mistake is named, no password is shown."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import redis

from sandbox.tls import make_tls_files
from service.ledger.broker import broker_of
from service.ledger.servers import BadServer, SentinelUrl, Servers, hosts_of, is_local, sentinel_url, servers_of
from service.ledger.store.connecting import connect, refused_for_good

SENTINELS = "sentinel://u:p%40ss@h1:1,h2,[::1]:5/3?master=ledger"


def _refusal(**environ: str) -> BadServer:
    with pytest.raises(BadServer) as refusal:
        servers_of(environ)
    assert "hidden" not in str(refusal.value)
    return refusal.value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MATRYOSHKA_REDIS_URL", "http://:hidden@h/0"),
        ("MATRYOSHKA_REDIS_URL", "hidden"),
        ("MATRYOSHKA_REDIS_URL", "sentinel://:hidden@h1,h2/0"),
        ("MATRYOSHKA_REDIS_URL", "sentinel://:hidden@h1:x/0?master=m"),
        ("MATRYOSHKA_BROKER_URL", "redis://:hidden@h/0"),
        ("MATRYOSHKA_REDIS_PASSWORD_FILE", "/nowhere"),
        ("MATRYOSHKA_SENTINEL_PASSWORD_FILE", "/dev/null"),
        ("MATRYOSHKA_REDIS_CA_FILE", "/nowhere"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(name: str, value: str) -> None:
    """A wrong scheme, a URL of sentinels without a master, a file that is not there: the variable is named."""
    assert name == _refusal(**{name: value}).variable


def test_certificates_are_checked_at_start(tmp_path: Path) -> None:
    """A certificate without its key, with another's key, or for a URL without TLS is refused."""
    one, two = make_tls_files(tmp_path / "1", "c"), make_tls_files(tmp_path / "2", "c")
    url = {"MATRYOSHKA_REDIS_URL": "rediss://h/0"}

    alone = _refusal(**url, MATRYOSHKA_REDIS_CERT_FILE=str(one.client))
    assert "MATRYOSHKA_REDIS_KEY_FILE" == alone.variable
    crossed = {"MATRYOSHKA_REDIS_CERT_FILE": str(one.client), "MATRYOSHKA_REDIS_KEY_FILE": str(two.client_key)}
    assert "MATRYOSHKA_REDIS_KEY_FILE" == _refusal(**url, **crossed).variable
    plain = _refusal(MATRYOSHKA_REDIS_URL="redis://h/0", MATRYOSHKA_REDIS_CA_FILE=str(one.ca))
    assert "must start with rediss:// or sentinels://" in str(plain)
    servers_of({**url, "MATRYOSHKA_REDIS_CA_FILE": str(one.ca)})


def test_a_url_of_sentinels_is_read_whole() -> None:
    """Sentinels with and without ports, IPv6, the database, the master, and credentials that are escaped."""
    places = (("h1", 1), ("h2", 26379), ("::1", 5))
    assert SentinelUrl(places, 3, "ledger", secure=False, username="u", password="p@ss") == sentinel_url(SENTINELS)
    assert ("h1", "h2", "::1") == hosts_of(SENTINELS)
    assert () == hosts_of("unix:///run/valkey.sock")
    assert "p@ss" not in repr(sentinel_url(SENTINELS))


def test_a_server_of_this_machine_is_known() -> None:
    """Loopback and Unix sockets are; sentinels name servers that may be anywhere."""
    urls = ("redis://localhost/0", "rediss://:p@[::1]:6379/0", "unix:///run/v.sock", "redis://h/0", SENTINELS)
    local = "sentinel://127.0.0.1/0?master=m"

    assert [True, True, True, False, False, False] == [is_local(url) for url in (*urls, local)]


def test_ledger_and_broker_are_reached_alike(tmp_path: Path) -> None:
    """What the ledger's client is told of TLS, sentinels and passwords, kombu is told too, in its spelling."""
    (tmp_path / "password").write_text("s/cret\n")
    ca = make_tls_files(tmp_path / "ca", "c").ca
    url = "sentinels://u@h1,h2/3?master=ledger"
    environ = {
        "MATRYOSHKA_REDIS_URL": url,
        "MATRYOSHKA_REDIS_CA_FILE": str(ca),
        "MATRYOSHKA_REDIS_PASSWORD_FILE": str(tmp_path / "password"),
        "MATRYOSHKA_SENTINEL_PASSWORD_FILE": str(tmp_path / "password"),
    }
    servers = servers_of(environ)
    broker, client = broker_of(url, servers), connect(url, servers)

    assert "sentinel://u:s%2Fcret@h1:26379/3;sentinel://u:s%2Fcret@h2:26379/3" == broker.url
    assert "ledger" == broker.options["master_name"]
    assert broker.tls is not None
    told = client.get_connection_kwargs()
    for name in ("ssl_ca_certs", "ssl_cert_reqs", "ssl_check_hostname"):
        assert told[name] == broker.tls[name] == broker.options["sentinel_kwargs"][name]
    assert ("u", "s/cret", 3) == (told["username"], told["password"], told["db"])
    assert "s/cret" == broker.options["sentinel_kwargs"]["password"]
    assert "cret" not in f"{broker!r} {servers!r}"


def test_rabbitmq_stands_beside_the_ledger() -> None:
    """With a broker of its own, wake-ups go there, and no move of the ledger writes them."""
    broker = broker_of("redis://h/0", Servers(broker_url="amqps://u:p@rabbit.example:5671/v"))

    assert ("amqps://u:p@rabbit.example:5671/v", False) == (broker.url, broker.is_ledger)
    assert broker.tls is not None
    assert "rabbit.example" == broker.tls["server_hostname"]


def test_what_no_repetition_mends_is_told_from_what_may_pass() -> None:
    """A missing client certificate or a wrong password is named; a connection that is lost is not for good."""
    alert = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required")
    alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    wrapped = redis.ConnectionError("Error while reading")
    wrapped.__context__ = alert

    assert "MATRYOSHKA_REDIS_CERT_FILE" in refused_for_good(wrapped)
    assert "MATRYOSHKA_REDIS_PASSWORD_FILE" in refused_for_good(redis.AuthenticationError("WRONGPASS"))
    assert "" == refused_for_good(redis.ConnectionError("Connection reset by peer"))
