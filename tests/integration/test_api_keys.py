"""API keys over HTTP and at the command line: made once, kept as keyed hashes, rotated, revoked, their use noted."""

from __future__ import annotations

import base64
import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from schemas.base import Timestamp
from service.api.key_hashing import KeyHashes, hash_key
from service.cli import matryoshka
from service.ledger.store import ApiKey, Tenant
from service.settings import key_hash_key
from tests.integration.api_kit import Api, open_api

PEPPER = bytes(range(32))
HASH_KEY = {"MATRYOSHKA_KEY_HASH_KEY": base64.b64encode(PEPPER).decode()}


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app that hashes keys with a key."""
    one = open_api(redis_url, **HASH_KEY)
    one.store.tenants.put(Tenant("blue"))
    yield one
    one.store.client.close()


def _made(api: Api, **body: Any) -> dict[str, Any]:
    return api.created("/v1/keys", {"name": "portal", "scopes": ["jobs:read"], **body})


def _status(api: Api, key: str, path: str = "/v1/jobs") -> int:
    return api.call("GET", path, key=key).status_code


def _stored(api: Api) -> str:
    client = api.store.client
    keys = list(client.scan_iter("*"))
    return str(keys) + "".join(str(client.hgetall(key)) for key in keys if client.type(key) == "hash")


def test_a_key_is_shown_once_and_kept_as_a_keyed_hash(api: Api) -> None:
    """The answer that makes a key is the only place that has it; the ledger has its HMAC and no plain hash of it."""
    made = _made(api, tenant="blue", expires_at="2099-01-01T00:00:00Z")
    path = f"/v1/keys/{made['id']}"
    shown = [api.call("GET", "/v1/keys").text, api.call("GET", path).text, _stored(api)]

    assert ("blue", ["jobs:read"], True) == (made["tenant"], made["scopes"], made["keyed"])
    assert 200 == _status(api, made["key"])
    assert made["key"] not in "".join(shown)
    assert hash_key(made["key"]) not in shown[-1]
    assert KeyHashes(PEPPER).digest(made["key"]) in shown[-1]
    assert "blue" == api.call("GET", "/v1/tenant", key=made["key"]).get_json()["id"]


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_an_end_that_cannot_be_shown_is_refused(api: Api, end: str) -> None:
    """A time that leaves the calendar in UTC makes no key: the list of keys would fail from then on."""
    refused = api.call("POST", "/v1/keys", {"name": "x", "scopes": ["jobs:read"], "expires_at": end})

    assert (422, "#/expires_at") == (refused.status_code, refused.get_json()["errors"][0]["pointer"])
    assert 200 == api.call("GET", "/v1/keys").status_code


def test_a_key_is_made_for_a_tenant_that_exists(api: Api) -> None:
    """An unknown tenant is named by its place; without one the key is of its maker's; others make no keys."""
    body = {"name": "x", "scopes": ["jobs:read"], "tenant": "nobody"}
    refused = api.call("POST", "/v1/keys", body)

    assert (422, "#/tenant") == (refused.status_code, refused.get_json()["errors"][0]["pointer"])
    assert "default" == _made(api)["tenant"]
    for method, path in (("POST", "/v1/keys"), ("GET", "/v1/keys"), ("GET", "/v1/keys/key_x")):
        assert 403 == api.call(method, path, key=_made(api)["key"]).status_code


def test_a_key_is_revoked_for_the_copy_that_was_seen(api: Api) -> None:
    """DELETE takes If-Match; the key is gone from the list and, after the few seconds of memory, from the door."""
    made = _made(api)
    path = f"/v1/keys/{made['id']}"
    etag = api.call("GET", path).headers["ETag"]

    assert 428 == api.call("DELETE", path).status_code
    assert 412 == api.call("DELETE", path, If_Match='"other.9"').status_code
    assert 204 == api.call("DELETE", path, If_Match=etag).status_code
    assert 404 == api.call("GET", path).status_code
    assert 401 == _status(api, made["key"])


def test_a_rotated_key_and_the_one_before_work_for_the_overlap(api: Api) -> None:
    """Both work until the overlap is over; with 0 seconds the old one stops at once; it stays the same key."""
    made = _made(api)
    path = f"/v1/keys/{made['id']}"
    second = api.call("POST", f"{path}:rotate", {"overlap_seconds": 3600}).get_json()
    seen = api.call("GET", path).get_json()

    assert (made["id"], True) == (second["id"], second["key"] != made["key"])
    assert (200, 200) == (_status(api, made["key"]), _status(api, second["key"]))
    assert seen["rotated_at"]
    assert 3600 == pytest.approx(_seconds(seen["previous_until"]) - _seconds(seen["rotated_at"]), abs=1)
    third = api.call("POST", f"{path}:rotate", {"overlap_seconds": 0}).get_json()
    found = {
        name: api.store.keys.by_digest(KeyHashes(PEPPER).digest(key))
        for name, key in (("first", made["key"]), ("second", second["key"]), ("third", third["key"]))
    }
    assert [None, None] == [found["first"], found["second"]]
    assert 200 == _status(api, third["key"])
    assert 404 == api.call("POST", "/v1/keys/key_nothing:rotate").status_code


def _seconds(text: str) -> float:
    return Timestamp().deserialize(text)


def test_an_overlap_ends(api: Api) -> None:
    """After `previous_until` the old key is unknown, whatever processes remember."""
    made = _made(api)
    api.call("POST", f"/v1/keys/{made['id']}:rotate", {"overlap_seconds": 60})
    key = api.store.keys.get(made["id"])
    assert key is not None
    caller = api.context.ring.caller(made["key"])
    assert caller is not None
    assert key.previous_until == caller.expires_at


def test_a_plain_hash_goes_on_and_is_hashed_anew_at_its_use(api: Api) -> None:
    """A key of an earlier release works, and after its first use only the keyed hash of it is there."""
    key = "mk_of_an_earlier_release"
    body = {"name": "old", "sha256": hash_key(key), "scopes": ["jobs:read"], "expires_at": None}
    client = api.store.client
    old = {
        "id": "key_old",
        "body": json.dumps(body),
        "name": hash_key(key),
        "version": 1,
        "created_at": 1,
        "updated_at": 1,
    }
    client.hset("mk:key:key_old", mapping=old)
    client.hset("mk:names:key", hash_key(key), "key_old")
    client.zadd("mk:ix:key", {"key_old": 1})

    assert 200 == _status(api, key)
    assert hash_key(key) not in _stored(api)
    found = api.store.keys.get("key_old")
    assert found is not None
    assert (KeyHashes(PEPPER).digest(key), True, "default") == (found.digest, found.keyed, found.tenant)
    assert 200 == _status(api, key)


def test_the_key_of_before_a_rotation_is_hashed_anew_too(api: Api) -> None:
    """A plain hash that works on for an overlap is upgraded where it stands."""
    old = api.make_key("jobs:read")
    [record] = [one for one in api.store.keys.list() if one.digest == hash_key(old)]
    api.call("POST", f"/v1/keys/{record.id}:rotate")

    assert 200 == _status(api, old)
    assert hash_key(old) not in _stored(api)
    assert 200 == _status(api, old)


def test_use_is_noted_without_a_new_version(api: Api) -> None:
    """A key says when it was last used; its version and what was read with If-Match stay."""
    made = _made(api)
    path = f"/v1/keys/{made['id']}"
    etag = api.call("GET", path).headers["ETag"]
    assert made["last_used_at"] is None
    _status(api, made["key"])
    api.context.key_use.write_waiting()
    seen = api.call("GET", path).get_json()

    assert abs(_seconds(seen["last_used_at"]) - time.time()) < 60
    assert made["version"] == seen["version"]
    assert 204 == api.call("DELETE", path, If_Match=etag).status_code
    api.store.keys.note_use({made["id"]: time.time()})
    assert not api.store.client.exists(f"mk:key:{made['id']}")


def test_the_later_use_stays(api: Api) -> None:
    """Two processes may write in any order."""
    api.store.keys.put(ApiKey("key_1", "x", "aa"))
    for at in (2000.5, 1000.0):
        api.store.keys.note_use({"key_1": at})

    found = api.store.keys.get("key_1")
    assert found is not None
    assert 2000.5 == found.last_used_at


def _run(redis_url: str, *arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(matryoshka, arguments, env={"MATRYOSHKA_REDIS_URL": redis_url, **HASH_KEY, **environ})


def test_the_command_makes_and_rotates_keys_of_tenants(api: Api, redis_url: str) -> None:
    """Keys are made for a tenant and rotated on Redis, hashed as the API does it."""
    made = json.loads(
        _run(redis_url, "keys", "create", "--name", "p", "--scopes", "jobs:read", "--tenant", "blue", "--json").output
    )
    rotated = json.loads(_run(redis_url, "keys", "rotate", made["id"], "--overlap", "1h", "--json").output)
    listed = _run(redis_url, "keys", "list", "--json").output

    assert (200, 200) == (_status(api, made["key"]), _status(api, rotated["key"]))
    assert ("blue", True) == (rotated["tenant"], rotated["keyed"])
    assert rotated["id"] in listed
    assert rotated["key"] not in listed
    assert 1 == _run(redis_url, "keys", "rotate", "key_nothing").exit_code
    assert 1 == _run(redis_url, "keys", "create", "--name", "p", "--scopes", "admin", "--tenant", "no").exit_code
    unusable = _run(redis_url, "keys", "rotate", made["id"], MATRYOSHKA_KEY_HASH_KEY="short")
    assert "MATRYOSHKA_KEY_HASH_KEY" in unusable.output


def test_the_command_makes_the_key_that_hashes(tmp_path: Path) -> None:
    """It is written once, for its owner's eyes, and is never overwritten."""
    path = tmp_path / "api-keys.key"
    first, again = (_run("", "keys", "make-hash-key", str(path)) for _ in range(2))

    assert (0, 1) == (first.exit_code, again.exit_code)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert 32 == len(key_hash_key({"MATRYOSHKA_KEY_HASH_KEY_FILE": str(path)}))


def test_the_command_keeps_tenants(api: Api, redis_url: str) -> None:
    """Tenants are made, listed and given quotas on Redis; `any` takes a quota away."""
    made = _run(redis_url, "tenants", "create", "green", "--name", "Green", "--jobs", "5", "--nodes", "2")
    changed = _run(redis_url, "tenants", "quota", "green", "--jobs", "any", "--memory-mib", "4096")
    shown = json.loads(_run(redis_url, "-o", "json", "tenants", "quota", "green").output)
    listed = [tenant["id"] for tenant in json.loads(_run(redis_url, "tenants", "list", "--json").output)]

    assert (0, 0) == (made.exit_code, changed.exit_code), made.output + changed.output
    assert {"jobs": None, "nodes": 2, "memory_mib": 4096} == shown["quotas"]
    assert {"jobs": 0, "nodes": 0, "memory_mib": 0} == shown["usage"]
    assert ["green", "blue", "default"] == listed
    assert "green" == api.call("GET", "/v1/tenants/green").get_json()["id"]
    assert 1 == _run(redis_url, "tenants", "create", "green").exit_code
    assert 1 == _run(redis_url, "tenants", "quota", "nobody").exit_code
    assert 2 == _run(redis_url, "tenants", "create", "No").exit_code
    assert 2 == _run(redis_url, "tenants", "quota", "green", "--jobs", "-1").exit_code
