"""Who calls, and what the key allows. Keys are known by hashes only (`key_hashing`).

A key's record is kept in memory for a few seconds, so a revoked key stops working within `CACHE_SECONDS`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from flask import Request

from service.api.key_hashing import KeyHashes
from service.api.problems import Problem
from service.ledger.tenant import DEFAULT_TENANT

PUBLIC = "public"
# Where the dashboard, which asks the API inside this process, says who asks; HTTP clients can put nothing there.
CALLER_KEY = "matryoshka.caller"
KEY_PREFIX = "mk_"
CACHE_SECONDS = 3.0
_CACHE_ENTRIES = 1024
_MAX_KEY_LENGTH = 200
_CHALLENGE = 'Bearer realm="matryoshka"'
_DOTS_OF_A_JWT = 2
_UNKEYED = KeyHashes()


@dataclass(frozen=True)
class Caller:
    """The key or token that a request was made with. `expires_at` is seconds since 1970 UTC, None for never.

    `tenant` is the slug of the tenant that the caller belongs to. A token has no key: `key_id` is a pseudonym of its
    issuer's user then, whom the issuer calls `subject`.
    """

    key_id: str
    name: str
    scopes: frozenset[str]
    expires_at: float | None = None
    tenant: str = DEFAULT_TENANT
    kind: Literal["api_key", "oidc", "chat"] = "api_key"
    subject: str = ""

    @property
    def is_operator(self) -> bool:
        """Whether the key sees and changes what all tenants have."""
        return "admin" in self.scopes

    def may(self, scope: str) -> bool:
        """Tell whether the key has this scope; `admin` has all."""
        return scope in self.scopes or self.is_operator


def new_key() -> str:
    """Return a new API key: 256 random bits. It is shown once and kept as a hash."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


@dataclass(frozen=True)
class KeyBook:
    """Where keys are looked up by hash; `rehash(old, new)` writes a newer hash for a key that was found by its old one.

    `used` is told the id of each key that was let in.
    """

    find: Callable[[str], Caller | None]
    rehash: Callable[[str, str], None] = lambda _old, _new: None
    used: Callable[[str], None] = lambda _key_id: None


class KeyRing:
    """Finds callers by key, and remembers those found for a few seconds. Safe for many threads."""

    def __init__(
        self,
        book: KeyBook,
        hashes: KeyHashes = _UNKEYED,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._book = book
        self._hashes = hashes
        self._monotonic = monotonic
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Caller]] = OrderedDict()

    def caller(self, key: str) -> Caller | None:
        """Return who has this key, or None when nobody has, or no longer."""
        digest = self._hashes.digest(key)
        caller = self._remembered(digest) or self._looked_up(digest, key)
        if caller is None or self._has_expired(caller):
            return None
        self._book.used(caller.key_id)
        return caller

    def digest_of(self, key: str) -> str | None:
        """Return the hash by which this key is known; None when nobody has the key, or no longer."""
        known = len(key) <= _MAX_KEY_LENGTH and self.caller(key) is not None
        return self._hashes.digest(key) if known else None

    def caller_by_digest(self, digest: str) -> Caller | None:
        """Return who has the key with this hash, or None when nobody has, or no longer."""
        caller = self._remembered(digest) or self._kept(digest, self._book.find(digest), self._monotonic())
        return None if caller is None or self._has_expired(caller) else caller

    def _has_expired(self, caller: Caller) -> bool:
        return caller.expires_at is not None and caller.expires_at <= self._clock()

    def _remembered(self, digest: str) -> Caller | None:
        with self._lock:
            entry = self._known.get(digest)
        if entry is None or entry[0] < self._monotonic():
            return None
        return entry[1]

    def _looked_up(self, digest: str, key: str) -> Caller | None:
        asked = self._monotonic()
        return self._kept(digest, self._found(digest, key), asked)

    def _kept(self, digest: str, caller: Caller | None, asked: float) -> Caller | None:
        until = asked + CACHE_SECONDS
        with self._lock:
            self._known.pop(digest, None)
            if caller is not None:
                self._known[digest] = (until, caller)
                if len(self._known) > _CACHE_ENTRIES:
                    self._known.popitem(last=False)
        return caller

    def _found(self, digest: str, key: str) -> Caller | None:
        for kept in self._hashes.digests(key):
            caller = self._book.find(kept)
            if caller is not None:
                if kept != digest:
                    self._book.rehash(kept, digest)
                return caller
        return None


def presented_key(request: Request) -> str:
    """Return the key of a request: `Authorization: Bearer mk_...` or `X-API-Key: mk_...`; '' when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-API-Key", "").strip()


class TokenRefused(Exception):
    """A bearer token is not taken. The text says which check failed and has nothing of the token."""


# A token of an identity provider -> its caller; raises TokenRefused, or Problem when it cannot be told now.
ReadsTokens = Callable[[str], Caller]


def authorize(
    request: Request, ring: KeyRing, scope: str, count: Callable[[Caller], None], tokens: ReadsTokens | None = None
) -> Caller:
    """Return the caller when the key or token allows `scope`; `count` is told of every request with a good one.

    A request of the dashboard brings its caller with it.

    Raises:
        Problem: 401 without a good key or token, 403 when it lacks the scope.
    """
    caller = request.environ.get(CALLER_KEY) or _presented(request, ring, tokens)
    count(caller)
    if not caller.may(scope):
        thing = "API key" if caller.kind == "api_key" else "token"
        headers = {"WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'}
        raise Problem(
            403, "forbidden", f"The {thing} lacks the scope {scope!r}.", headers=headers, required_scope=scope
        )
    return caller


def is_token(request: Request, key: str) -> bool:
    """Tell whether what was presented is a token of an identity provider: a bearer with the form of a JWT."""
    bearer = request.headers.get("Authorization", "").partition(" ")[0].lower() == "bearer"
    return bearer and not key.startswith(KEY_PREFIX) and key.count(".") == _DOTS_OF_A_JWT


def _presented(request: Request, ring: KeyRing, tokens: ReadsTokens | None) -> Caller:
    key = presented_key(request)
    if not key:
        raise _unauthorized("Send an API key as Authorization: Bearer mk_...", "")
    return _token_caller(key, tokens) if tokens and is_token(request, key) else _key_caller(key, ring)


def _key_caller(key: str, ring: KeyRing) -> Caller:
    caller = ring.caller(key) if len(key) <= _MAX_KEY_LENGTH else None
    if caller is None:
        raise _unauthorized("The API key is unknown, revoked or expired.", ', error="invalid_token"')
    return caller


def _token_caller(token: str, tokens: ReadsTokens) -> Caller:
    try:
        return tokens(token)
    except TokenRefused as refused:
        why = str(refused)
        raise _unauthorized(why, f', error="invalid_token", error_description="{why}"') from refused


def _unauthorized(detail: str, error: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": f"{_CHALLENGE}{error}"})
