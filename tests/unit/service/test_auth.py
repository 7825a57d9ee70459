"""Keys and scopes."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.api.auth import CACHE_SECONDS, Caller, KeyBook, KeyRing, new_key
from service.api.key_hashing import hash_key


@dataclass
class Book:
    """A key store that counts how often it is asked."""

    callers: dict[str, Caller] = field(default_factory=dict)
    asked: int = 0
    now: float = 1000.0

    def find(self, digest: str) -> Caller | None:
        """Look a key up by its hash."""
        self.asked += 1
        return self.callers.get(digest)

    def ring(self) -> KeyRing:
        """Return a ring over this book and its clock."""
        return KeyRing(KeyBook(self.find), monotonic=lambda: self.now, clock=lambda: self.now)


def _caller(*scopes: str, expires_at: float | None = None) -> Caller:
    return Caller("key_1", "portal", frozenset(scopes), expires_at)


def test_new_keys_differ_and_say_what_they_are() -> None:
    """A key has a prefix that scanners know, and 256 random bits."""
    first, second = new_key(), new_key()

    assert first.startswith("mk_")
    assert first != second
    assert len(first) >= 46


def test_key_is_looked_up_once_in_a_few_seconds() -> None:
    """A burst of requests asks the store once."""
    book = Book({hash_key("mk_a"): _caller("admin")})
    ring = book.ring()

    assert all(ring.caller("mk_a") for _ in range(10))
    assert 1 == book.asked


def test_revoked_key_stops_within_five_seconds() -> None:
    """What is remembered is forgotten in time."""
    book = Book({hash_key("mk_a"): _caller("admin")})
    ring = book.ring()
    assert ring.caller("mk_a")

    book.callers.clear()
    book.now += CACHE_SECONDS + 0.1
    assert ring.caller("mk_a") is None
    assert CACHE_SECONDS < 5


def test_unknown_keys_are_not_remembered() -> None:
    """Guesses fill no memory, and a key works as soon as it is made."""
    book = Book()
    ring = book.ring()
    assert ring.caller("mk_a") is None

    book.callers[hash_key("mk_a")] = _caller("admin")
    assert ring.caller("mk_a")


def test_key_expires_while_it_is_remembered() -> None:
    """Expiry is checked at every use."""
    book = Book({hash_key("mk_a"): _caller("admin", expires_at=1001.0)})
    ring = book.ring()
    assert ring.caller("mk_a")

    book.now = 1001.0
    assert ring.caller("mk_a") is None


def test_memory_is_bounded() -> None:
    """However many keys there are, some are remembered and the store is asked for the others."""
    book = Book({hash_key(f"mk_{number}"): _caller("admin") for number in range(1500)})
    ring = book.ring()

    assert all(ring.caller(f"mk_{number}") for number in range(1500))
    assert len(ring._known) <= 1024


def test_scopes_do_not_imply_each_other() -> None:
    """Only admin has more than it says."""
    assert _caller("jobs:write").may("jobs:write")
    assert not _caller("jobs:write").may("jobs:read")
    assert _caller("admin").may("hosts:write")
