"""A secret that a caller gives is in no response, no log and no value of the server in the clear."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import redis

from service.ledger.sealing import open_sealed
from tests.integration.api_kit import HOST, IMAGE, Api, cluster, open_api, served_api

CANARY = "Canary-7f3a9c!Zx"
SIGNING = "whsec_" + base64.b64encode(b"canary-signing-secret-0123456789").decode()


def _everything(client: redis.Redis) -> str:
    """Return every key and value of the test's database as text."""
    readers: dict[str, Any] = {
        "string": client.get,
        "hash": client.hgetall,
        "list": lambda key: client.lrange(key, 0, -1),
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        "stream": lambda key: client.xrange(key, "-", "+"),
    }
    return "\n".join(f"{key} {readers[str(client.type(key))](key)}" for key in client.scan_iter())


def _forms(secret: str) -> list[str]:
    raw = secret.encode()
    return [secret, base64.b64encode(raw).decode().rstrip("="), raw.hex(), json.dumps(secret)[1:-1]]


def test_secrets_go_in_and_never_come_out(redis_url: str, redis_client: redis.Redis, tmp_path: Path) -> None:
    """Passwords and signing secrets posted to every place that takes one are nowhere to be found afterwards."""
    with served_api(redis_url, tmp_path) as served:
        texts = [
            served.call("POST", "/v1/hosts", json=HOST | {"password": {"value": CANARY}}).text,
            served.call("POST", "/v1/images", json=IMAGE).text,
            served.call(
                "POST", "/v1/webhook-endpoints", json={"url": "https://example.org/", "secret": {"value": SIGNING}}
            ).text,
            served.call("POST", "/v1/hosts", json={"password": {"value": CANARY}, "name": 5}).text,
            served.call(
                "POST", "/v1/jobs", data=f'{{"kind": "{CANARY}', headers={"Content-Type": "application/json"}
            ).text,
            served.call("GET", f"/v1/jobs?secret={CANARY}&state=queued").text.replace(f"'{CANARY}'", ""),
        ]
        body = cluster(guest={"password": {"value": CANARY}}, callback_url="https://example.org/")
        body |= {"callback_secret": {"value": SIGNING}, "identity": {"mode": "workgroup"}}
        job = served.call("POST", "/v1/jobs", json=body)
        assert job.status_code == 202, job.text
        texts += [job.text, served.call("POST", "/v1/jobs:plan", json=body).text]
        for path in (f"/v1/jobs/{job.json()['id']}", "/v1/hosts", "/v1/labs", "/v1/events", "/v1/webhook-deliveries"):
            texts.append(served.call("GET", path).text)
    texts += [served.log.read_text(), _everything(redis_client)]

    for secret in (CANARY, SIGNING):
        assert [form for form in _forms(secret) for text in texts if form in text] == []


def test_what_is_kept_opens_with_the_private_key_only(redis_url: str) -> None:
    """What was sealed on arrival is what was given, for the one who holds the private key."""
    api = open_api(redis_url)
    host = api.created("/v1/hosts", HOST | {"password": {"value": CANARY}})
    stored = api.store.hosts.get(host["id"])
    assert stored is not None

    assert {"sealed"} == set(stored.secrets["password"])
    assert CANARY.encode() == open_sealed(api.private_key, stored.secrets["password"]["sealed"])


def test_references_are_kept_as_they_are(redis_url: str) -> None:
    """A reference is no secret; the workers look it up."""
    api = open_api(redis_url)
    api.furnish()
    stored = api.store.hosts.get(api.hosts[0])
    assert stored is not None

    assert {"password": HOST["password"]} == stored.secrets


def test_password_is_made_when_none_is_given(redis_url: str) -> None:
    """A lab without a given guest password gets a random one that Windows takes, sealed, different each time."""
    api = open_api(redis_url)
    api.furnish()
    passwords = [_guest_password(api), _guest_password(api)]

    assert len(set(passwords)) == 2
    for password in passwords:
        assert len(password) >= 20
        assert any(letter.islower() for letter in password)
        assert any(letter.isupper() for letter in password)
        assert any(letter.isdigit() for letter in password)
        assert not password.isalnum()


def _guest_password(api: Api) -> str:
    job = api.submitted()
    sealed = json.loads(api.store.client.hget(f"mk:job:{job['id']}", "secrets") or "{}")
    api.cancelled(job)
    return open_sealed(api.private_key, sealed["guest_administrator"]["sealed"]).decode()
