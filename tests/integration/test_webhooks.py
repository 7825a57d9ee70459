"""Webhooks over real sockets: signatures, the guard of addresses, redirects, time limits and what the ledger lists."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from nacl.signing import SigningKey
from standardwebhooks import Webhook

from service.ledger.event import Event, EventType
from service.ledger.ids import new_id
from service.ledger.reach import AddressRules, networks_of
from service.ledger.store import Endpoint, Host, Store, StoreSettings
from service.ledger.store.deliveries import Delivery, DeliveryClaim, DeliveryState
from tests.integration.webhook_receiver import Receiver, receiving
from tests.integration.webhook_tls import certificate_for
from tests.integration.worker_kit import Workshop, open_workshop
from workers.own_addresses import address_rules
from workers.secrets import Keyring, SecretStr
from workers.settings import Settings
from workers.webhooks import Sender, SendSettings, sign

_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
_LOOPBACK = AddressRules((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
_NOW = 1_800_000_000.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver over http."""
    with receiving() as receiver:
        yield receiver


def _claim(url: str, **fields: Any) -> DeliveryClaim:
    event = Event("1-0", EventType.JOB_SUCCEEDED, _NOW, "job_1", "lab_1", data={"state": "succeeded"})
    delivery = Delivery("wd_1", "we_1", url, event, DeliveryState.PENDING, 0, _NOW)
    return DeliveryClaim(delivery, "token", 1, 1, _NOW, **{"secrets": {"current": {"sealed": _SECRET}}, **fields})


def _sender(rules: AddressRules = _LOOPBACK, **fields: Any) -> Sender:
    settings = SendSettings(rules, **fields)
    return Sender(Keyring(lambda box: box.encode()), settings)


def test_the_published_vector() -> None:
    """Our signature of Standard Webhooks' known answer is the published one."""
    signature = sign(SecretStr(_SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == signature


def test_a_delivery_is_signed_so_that_the_reference_library_accepts_it(receiver: Receiver) -> None:
    """Exact bytes, id and second of the try are signed; the body has type, timestamp, data and a link."""
    result = _sender(base_url="https://mk.example").send(_claim(receiver.url))

    path, headers, body = receiver.got[0]
    payload = Webhook(_SECRET).verify(body, headers)
    assert result.succeeded
    assert (200, "thanks") == (result.status, result.excerpt)
    assert "/hook?a=1" == path
    assert "wd_1" == headers["webhook-id"]
    assert "job.succeeded" == payload["type"]
    assert "2027-01-15T08:00:00.000Z" == payload["timestamp"]
    assert ("job_1", "succeeded") == (payload["data"]["job_id"], payload["data"]["state"])
    assert "https://mk.example/v1/jobs/job_1" == payload["data"]["url"]


def test_a_key_pair_signs_v1a(receiver: Receiver) -> None:
    """With a private key the signature is ed25519 over the same bytes, and the public half verifies it."""
    key = SigningKey(b"s" * 32)
    private = "whsk_" + base64.b64encode(bytes(key) + bytes(key.verify_key)).decode()
    _sender().send(_claim(receiver.url, secrets={"current": {"sealed": private}}))

    _, headers, body = receiver.got[0]
    version, _, signature = headers["webhook-signature"].partition(",")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert "v1a" == version
    assert signed == key.verify_key.verify(signed, base64.b64decode(signature))


def test_a_delivery_belongs_to_the_request_that_made_its_job(receiver: Receiver) -> None:
    """Each try carries the request's id and is a span of its own in the request's trace; without them, nothing."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for _ in range(2):
        _sender().send(_claim(receiver.url, request_id="req_1", traceparent=trace))
    _sender().send(_claim(receiver.url))

    first, second, bare = (headers for _, headers, _ in receiver.got)
    assert ["req_1"] * 2 == [first["x-request-id"], second["x-request-id"]]
    assert [trace.split("-")[1]] * 2 == [one["traceparent"].split("-")[1] for one in (first, second)]
    assert 3 == len({trace, first["traceparent"], second["traceparent"]})
    assert not {"traceparent", "x-request-id"} & set(bare)


def test_both_secrets_sign_while_a_rotation_lasts(receiver: Receiver) -> None:
    """During the overlap either secret verifies; afterwards the previous one signs no more."""
    secrets = {"current": {"sealed": _SECRET}, "previous": {"sealed": _OLD}}
    _sender().send(_claim(receiver.url, secrets=secrets, previous_until=time.time() + 60))
    _sender().send(_claim(receiver.url, secrets=secrets, previous_until=time.time() - 60))

    (_, during, body), (_, after, _) = receiver.got
    for secret in (_SECRET, _OLD):
        Webhook(secret).verify(body, during)
    assert 1 == len(after["webhook-signature"].split())


def test_a_cloud_event_is_sent_when_asked_for(receiver: Receiver) -> None:
    """Structured CloudEvents 1.0 carries the webhook id as its id."""
    _sender().send(_claim(receiver.url, format="cloudevents"))

    _, headers, body = receiver.got[0]
    event = Webhook(_SECRET).verify(body, headers)
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert ("1.0", "wd_1", "job.succeeded", "job_1") == (
        event["specversion"],
        event["id"],
        event["type"],
        event["subject"],
    )


@pytest.mark.parametrize(
    ("status", "succeeded", "gone"), [(204, True, False), (302, False, False), (410, False, True), (500, False, False)]
)
def test_only_2xx_is_success_and_410_is_gone(receiver: Receiver, status: int, succeeded: bool, gone: bool) -> None:
    """Redirects are failures and are not followed; 410 asks to disable the endpoint."""
    receiver.status = status
    receiver.headers = {"Location": receiver.url + "&again=1"}

    result = _sender().send(_claim(receiver.url))

    assert (succeeded, gone, status) == (result.succeeded, result.gone, result.status)
    assert 1 == len(receiver.got)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("nonsense", None), ("\xb2", None), ("Wed, 21 Oct 2015 07:28:00 GMT", None)]
)
def test_retry_after_is_passed_on(receiver: Receiver, header: str, seconds: float | None) -> None:
    """The receiver's wish reaches the ledger, which clamps it; a past date or nonsense is no wish."""
    receiver.status, receiver.headers = 429, {"Retry-After": header}

    assert seconds == _sender().send(_claim(receiver.url)).retry_after_seconds


def test_a_receiver_that_drips_is_cut_off(receiver: Receiver) -> None:
    """One byte now and then resets socket time-outs; the whole try still ends at its limit."""
    receiver.drip_seconds, receiver.body = 30.0, b""
    receiver.headers = {"Content-Length": "100000"}
    started = time.monotonic()

    result = _sender(total_seconds=0.6).send(_claim(receiver.url))

    assert not result.succeeded or result.excerpt.startswith(".")
    assert time.monotonic() - started < 10


def test_a_long_answer_is_kept_short(receiver: Receiver) -> None:
    """Two kilobytes of an answer are read, however much there is."""
    receiver.body = b"x" * 1_000_000

    assert 2048 == len(_sender().send(_claim(receiver.url)).excerpt)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "169.254.169.254",
    ],
)
def test_special_addresses_are_refused_in_every_spelling(receiver: Receiver, host: str) -> None:
    """By default nothing reaches loopback or link-local, whatever way the address is written."""
    port = receiver.url.split(":")[2].split("/")[0]

    result = _sender(AddressRules()).send(_claim(f"http://{host}:{port}/"))

    assert not result.succeeded
    assert 0 == result.status
    assert [] == receiver.got


def test_the_checked_address_is_the_one_that_is_called(receiver: Receiver) -> None:
    """A name that resolves differently the second time gains nothing: it is resolved once."""
    asked = []

    def rebinding(host: str, *rest: Any, **named: Any) -> Any:
        asked.append(host)
        return socket.getaddrinfo("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *rest, **named)

    only = AddressRules((ipaddress.ip_network("127.0.0.1/32"),))

    result = _sender(only, resolve=rebinding).send(_claim(receiver.url.replace("localhost", "rebind.example")))

    assert result.succeeded
    assert ["rebind.example"] == asked
    assert receiver.got[0][1]["host"].startswith("rebind.example:")


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect to what we did not check."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:1")

    assert _sender().send(_claim(receiver.url)).succeeded


def test_the_service_itself_is_not_called(redis_url: str, receiver: Receiver) -> None:
    """A worker refuses the ledger's and each host's address though its network is listed, until it is listed itself."""
    settings = Settings(redis_url, "w1", has_stable_name=True, webhook_networks=networks_of("127.0.0.0/8"))
    store = Store.open(redis_url, StoreSettings())
    try:
        listed = replace(settings, webhook_networks=networks_of("127.0.0.0/8,127.0.0.1"))
        refused, called = (
            _sender(address_rules(chosen, store)).send(_claim(receiver.url)) for chosen in (settings, listed)
        )
        assert (False, True) == (refused.succeeded, called.succeeded)
        assert refused.error.endswith("it belongs to the service itself")

        store.hosts.put(Host(id=new_id("host", _NOW), name="hv1", address="127.0.0.3"))
        answers = [address_rules(settings, store).refusal(ipaddress.ip_address(f"127.0.0.{part}")) for part in (2, 3)]
        assert ["", "it belongs to the service itself"] == answers
    finally:
        store.client.close()


def test_the_log_of_a_try_shows_what_was_sent(receiver: Receiver) -> None:
    """URL, headers, and length and hash of the body are kept; of a signature its version, of secrets nothing."""
    result = _sender().send(_claim(receiver.url, request_id="req_1"))

    _, headers, body = receiver.got[0]
    request = dict(result.request)
    shown = request.pop("headers")
    assert {
        "method": "POST",
        "url": receiver.url,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "body_bytes": len(body),
    } == request
    assert "v1,[masked]" == shown.pop("webhook-signature")
    assert {"wd_1", "req_1", headers["webhook-timestamp"], headers["content-type"]} <= set(shown.values())
    assert headers["webhook-signature"].partition(",")[2] not in str(result)


@pytest.mark.parametrize("url", ["ftp://localhost/", "http://user:pw@localhost/", "http://", "file:///etc/passwd"])
def test_other_urls_are_not_called(url: str) -> None:
    """Only http and https URLs without credentials are called; the answer says why."""
    result = _sender().send(_claim(url))

    assert not result.succeeded
    assert "called" in result.error


def test_https_checks_the_certificate_of_the_name() -> None:
    """TLS goes to the pinned address but checks the name: an unknown authority fails, a known one delivers."""
    server, client = certificate_for("localhost")
    with receiving(server) as receiver:
        trusting = Sender(Keyring(lambda box: box.encode()), SendSettings(_LOOPBACK), tls=lambda: client)
        untrusting = _sender()

        assert trusting.send(_claim(receiver.url)).succeeded
        assert not untrusting.send(_claim(receiver.url)).succeeded
        assert not trusting.send(_claim(receiver.url.replace("localhost", "127.0.0.1"))).succeeded


def test_a_secret_that_the_receiver_echoes_is_masked(receiver: Receiver) -> None:
    """An excerpt never shows the signing secret."""
    receiver.body = f"you sent {_SECRET}".encode()

    assert "you sent [secret]" == _sender().send(_claim(receiver.url)).excerpt


@pytest.fixture
def workshop(redis_url: str) -> Iterator[Workshop]:
    """A worker without hosts."""
    with open_workshop(redis_url, None) as workshop:
        yield workshop


def _endpoint(workshop: Workshop, url: str) -> str:
    sealed = {"current": {"ref": "env:MATRYOSHKA_SECRET_HOOK"}}
    endpoint = Endpoint(id=new_id("we", _NOW), url=url, types=("*",), secrets=sealed)
    return workshop.store.endpoints.put(endpoint).id


def test_deliveries_are_listed_with_code_and_excerpt(
    workshop: Workshop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ping is claimed, sent and recorded; a failing one is tried again later under the same id."""
    monkeypatch.setenv("MATRYOSHKA_SECRET_HOOK", _SECRET)
    workshop.hands.sender = _real_sender()
    delivery_id = workshop.store.endpoints.ping(_endpoint(workshop, receiver.url))
    receiver.status, receiver.body = 503, b"later"

    assert 1 == workshop.hands.deliver()
    delivery = workshop.store.deliveries.get(delivery_id)

    assert delivery is not None
    assert [(503, "later")] == [(item.status, item.excerpt) for item in delivery.log]
    assert DeliveryState.PENDING is delivery.state
    assert delivery.next_at is not None
    Webhook(_SECRET).verify(receiver.got[0][2], receiver.got[0][1])


def test_410_disables_the_endpoint(workshop: Workshop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that is gone is not called again."""
    monkeypatch.setenv("MATRYOSHKA_SECRET_HOOK", _SECRET)
    workshop.hands.sender = _real_sender()
    endpoint_id = _endpoint(workshop, receiver.url)
    workshop.store.endpoints.ping(endpoint_id)
    receiver.status = 410

    workshop.hands.deliver()

    endpoint = workshop.store.endpoints.get(endpoint_id)
    assert endpoint is not None
    assert "disabled" == endpoint.state


def test_a_leaving_worker_gives_deliveries_back_unused(workshop: Workshop, receiver: Receiver) -> None:
    """Drain counts no try and sends nothing."""
    delivery_id = workshop.store.endpoints.ping(_endpoint(workshop, receiver.url))
    hands = replace(workshop.hands, is_leaving=lambda: True)

    assert hands.deliver_once() is False
    delivery = workshop.store.deliveries.get(delivery_id)
    assert delivery is not None
    assert (DeliveryState.PENDING, 0) == (delivery.state, delivery.attempts)
    assert [] == receiver.got


def _real_sender() -> Sender:
    return Sender(Keyring(lambda box: box.encode()), SendSettings(_LOOPBACK))
