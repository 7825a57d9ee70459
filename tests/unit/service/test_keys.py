"""How keys are hashed, who may make them, and how their use is gathered."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisAway

from service.api.auth import Caller, KeyBook, KeyRing
from service.api.key_hashing import KeyHashes, hash_key
from service.api.key_use import WRITTEN_EVERY_SECONDS, KeyUse
from service.api.key_views import refuse_wider
from service.api.problems import Problem
from service.settings import SettingsError, key_hash_key

PEPPER = b"p" * 32
_TEXT = base64.b64encode(PEPPER).decode()


def _caller(*scopes: str) -> Caller:
    return Caller("key_1", "portal", frozenset(scopes))


def test_a_keyed_hash_depends_on_the_key_that_hashes() -> None:
    """Another hash key gives another hash; none at all gives the plain one; neither shows in a repr."""
    hashes = {KeyHashes(PEPPER).digest("mk_a"), KeyHashes(b"q" * 32).digest("mk_a"), KeyHashes().digest("mk_a")}

    assert 3 == len(hashes)
    assert hash_key("mk_a") in hashes
    assert "ppp" not in repr(KeyHashes(PEPPER))


def test_a_key_that_is_found_by_its_plain_hash_is_hashed_anew() -> None:
    """The ring looks for the keyed hash first, then for the plain one, and tells of what it found there; once."""
    callers = {hash_key("mk_old"): _caller("admin"), KeyHashes(PEPPER).digest("mk_new"): _caller("admin")}
    rehashed: list[tuple[str, str]] = []
    book = KeyBook(callers.get, lambda old, new: rehashed.append((old, new)))
    ring = KeyRing(book, KeyHashes(PEPPER), monotonic=lambda: 0.0)

    assert ring.caller("mk_new")
    assert ring.caller("mk_old")
    assert ring.caller("mk_old")
    assert [(hash_key("mk_old"), KeyHashes(PEPPER).digest("mk_old"))] == rehashed


def test_use_of_good_keys_is_told() -> None:
    """Every request with a key that is let in is told; one that has expired is not."""
    used: list[str] = []
    callers = {hash_key("mk_a"): _caller("admin"), hash_key("mk_b"): Caller("key_2", "x", frozenset(), 5.0)}
    ring = KeyRing(KeyBook(callers.get, used=used.append), clock=lambda: 6.0)

    assert ring.caller("mk_a")
    assert ring.caller("mk_b") is None
    assert ring.caller("mk_c") is None
    assert ["key_1"] == used


def test_use_is_written_once_a_minute() -> None:
    """However often a key is used, one time a minute is written, and none when it was not used."""
    now, written = [1000.0], list[Mapping[str, float]]()
    use = KeyUse(written.append, lambda: now[0])
    for _ in range(100):
        use.note("key_1")
    use.note("key_2")
    use.write_waiting()
    use.note("key_1")
    use.write_waiting()
    now[0] += WRITTEN_EVERY_SECONDS
    use.note("key_1")
    use.write_waiting()

    assert [{"key_1": 1000.0, "key_2": 1000.0}, {"key_1": 1060.0}] == written


def test_use_that_cannot_be_written_harms_nobody() -> None:
    """When the ledger is away the time is lost, and the next minute's is written."""

    def away(_times: Mapping[str, float]) -> None:
        raise RedisAway("away")

    use = KeyUse(away, lambda: 1000.0)
    use.note("key_1")
    use.write_waiting()


def test_use_is_written_from_a_thread_of_its_own() -> None:
    """What is noted is written without anybody's call, at the latest when the process stops."""
    written: list[Mapping[str, float]] = []
    use = KeyUse(written.append, lambda: 1000.0)
    use.start()
    use.note("key_1")
    use.stop()

    assert [{"key_1": 1000.0}] == written


def test_nobody_gives_a_scope_that_he_lacks() -> None:
    """A maker of keys gives what he has; an administrator has all."""
    refuse_wider(_caller("admin"), ["hosts:write", "admin"])
    refuse_wider(_caller("jobs:read"), ["jobs:read"])
    with pytest.raises(Problem) as refused:
        refuse_wider(_caller("jobs:read"), ["jobs:read", "jobs:write"])

    assert (403, "jobs:write") == (refused.value.status, refused.value.extensions["required_scope"])


def test_the_hash_key_comes_from_a_variable_or_a_file(tmp_path: Path) -> None:
    """32 bytes in base64; none is allowed; anything else is refused by the variable's name, and its text not told."""
    path = tmp_path / "api-keys.key"
    path.write_text(_TEXT + "\n")

    assert PEPPER == key_hash_key({"MATRYOSHKA_KEY_HASH_KEY": _TEXT})
    assert PEPPER == key_hash_key({"MATRYOSHKA_KEY_HASH_KEY_FILE": str(path)})
    assert b"" == key_hash_key({})
    path.write_text("")
    for environ in (
        {"MATRYOSHKA_KEY_HASH_KEY": "c2hvcnQ="},
        {"MATRYOSHKA_KEY_HASH_KEY": "not base64!"},
        {"MATRYOSHKA_KEY_HASH_KEY_FILE": str(tmp_path / "missing")},
        {"MATRYOSHKA_KEY_HASH_KEY_FILE": str(path)},
    ):
        with pytest.raises(SettingsError) as refused:
            key_hash_key(environ)
        assert next(iter(environ)) == refused.value.variable
        assert "c2hvcnQ" not in str(refused.value)
