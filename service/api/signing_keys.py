"""The public keys of an identity provider: found by discovery, kept, and fetched again when a token names a new one.

Sources: OpenID Connect Discovery 1.0 section 4, RFC 7517 (JWK sets), RFC 8725 (JWT best practices).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from service.oidc_settings import is_safe_url

FRESH_SECONDS = 900.0
# What is kept is used that long while the provider cannot be reached.
STALE_SECONDS = 86_400.0
# A token with an unknown key makes one fetch in this time at most, whoever sends how many.
UNKNOWN_SECONDS = 30.0
_RETRY_SECONDS = 10.0
_TIMEOUT_SECONDS = (3, 3)
_MOST_BYTES = 512 * 1024
_MOST_KEYS = 100
_LEAST_RSA_BITS = 2048

# (kty, crv) of a key -> the algorithms that it may verify. A symmetric key verifies nothing here.
_ALGORITHMS: Mapping[tuple[str, str], frozenset[str]] = {
    ("RSA", ""): frozenset({"RS256", "PS256"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
ALGORITHMS = frozenset().union(*_ALGORITHMS.values())

log = structlog.get_logger()


class ProviderAway(Exception):
    """The provider's keys cannot be had, and none are kept. Retryable."""


class BadAnswer(Exception):
    """The provider answered something that cannot be used."""


@dataclass(frozen=True)
class SigningKey:
    """One key, for one algorithm or several."""

    kid: str
    algorithms: frozenset[str]
    jwk: Mapping[str, Any]

    def verifier(self, algorithm: str) -> PyJWK:
        """Return what PyJWT verifies with."""
        return PyJWK(dict(self.jwk), algorithm)


class SigningKeys:
    """The keys of one issuer. Safe for many threads; only who needs a key that is not there waits for the network."""

    def __init__(
        self, issuer: str, fetch: Callable[[str], bytes], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: tuple[SigningKey, ...] = ()
        self._fetched: float | None = None
        self._tried: float | None = None

    def find(self, kid: str, algorithm: str) -> SigningKey | None:
        """Return the key that a token names, None when the issuer has none such.

        A token that names none is verified with the only key that can be meant. Raises ProviderAway.
        """
        if self._age() > FRESH_SECONDS:
            self._refresh(_RETRY_SECONDS, wait=self._age() > STALE_SECONDS)
        if self._age() > STALE_SECONDS:
            raise ProviderAway(self._issuer)
        found = self._known(kid, algorithm)
        if found is None and self._refresh(UNKNOWN_SECONDS, wait=True):
            found = self._known(kid, algorithm)
        return found

    def _known(self, kid: str, algorithm: str) -> SigningKey | None:
        fitting = [key for key in self._keys if algorithm in key.algorithms and (not kid or key.kid == kid)]
        return fitting[0] if len(fitting) == 1 else None

    def _age(self) -> float:
        return float("inf") if self._fetched is None else self._monotonic() - self._fetched

    def _refresh(self, pause: float, *, wait: bool) -> bool:
        """Fetch the keys unless that was tried within `pause` seconds; return whether what is kept may have changed."""
        asked = self._monotonic()
        if not self._lock.acquire(blocking=wait):
            return False
        try:
            if self._tried is not None and self._tried >= asked:
                return True  # somebody else fetched while this one waited
            if self._tried is not None and asked - self._tried < pause:
                return False
            self._tried = self._monotonic()
            self._keys = self._fetched_keys()
            self._fetched = self._monotonic()
        except (BadAnswer, requests.RequestException, OSError) as error:
            log.warning("signing_keys_not_fetched", issuer=self._issuer, error=type(error).__name__)
            return False
        else:
            return True
        finally:
            self._lock.release()

    def _fetched_keys(self) -> tuple[SigningKey, ...]:
        found = _object(self._fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"))
        if found.get("issuer") != self._issuer:
            raise BadAnswer("another issuer")
        url = found.get("jwks_uri")
        if not isinstance(url, str) or not is_safe_url(url):
            raise BadAnswer("no safe jwks_uri")
        keys = _object(self._fetch(url)).get("keys")
        if not isinstance(keys, list):
            raise BadAnswer("no keys")
        return tuple(key for jwk in keys[:_MOST_KEYS] if (key := signing_key(jwk)) is not None)


def signing_key(jwk: Any) -> SigningKey | None:
    """Return the key of a JWK; None for what verifies no signature here: symmetric, short, or for encryption."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig" or "d" in jwk:
        return None
    uses = jwk.get("key_ops", ["verify"])
    if not isinstance(uses, list) or "verify" not in uses:
        return None
    algorithms = _ALGORITHMS.get((str(jwk.get("kty")), str(jwk.get("crv") or "")), frozenset())
    if jwk.get("alg"):
        algorithms &= {str(jwk["alg"])}
    key = SigningKey(str(jwk.get("kid") or ""), algorithms, jwk)
    return key if algorithms and _is_sound(key) else None


def _is_sound(key: SigningKey) -> bool:
    try:
        made = key.verifier(min(key.algorithms))
    except (PyJWTError, ValueError, TypeError):
        return False
    return key.jwk["kty"] != "RSA" or int(made.key.key_size) >= _LEAST_RSA_BITS


def fetch(url: str) -> bytes:
    """Return the body of a GET; redirects are not followed. Raises BadAnswer or requests' errors."""
    with requests.get(
        url, timeout=_TIMEOUT_SECONDS, stream=True, allow_redirects=False, headers={"Accept": "application/json"}
    ) as answer:
        if answer.status_code != requests.codes.ok:
            raise BadAnswer(f"HTTP {answer.status_code}")
        body = b""
        for chunk in answer.iter_content(65_536):
            body += chunk
            if len(body) > _MOST_BYTES:
                raise BadAnswer("too long")
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise BadAnswer("not JSON") from error
    if not isinstance(found, dict):
        raise BadAnswer("not an object")
    return found
