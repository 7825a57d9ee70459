"""Bearer tokens of an identity provider (OpenID Connect): a JWT becomes a caller, or is refused with a reason.

Rules: RFC 8725 (JWT best practices), RFC 9068 (access tokens as JWT), RFC 6750 (bearer tokens). The reason names the
check that failed, never what the token holds.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import jwt
from jwt.exceptions import InvalidAudienceError, InvalidIssuerError, PyJWTError

from schemas.base import is_printable
from schemas.key import SCOPES
from schemas.tenant import SLUG
from service.api.auth import Caller, ReadsTokens, TokenRefused
from service.api.problems import Problem
from service.api.signing_keys import ALGORITHMS, ProviderAway, SigningKey, SigningKeys, fetch
from service.ledger.tenant import DEFAULT_TENANT
from service.oidc_settings import OidcSettings

LONGEST = 8000
_TENANT_SECONDS = 60.0
_LONGEST_NAME = 80
_LONGEST_SUBJECT = 255
_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
# Keycloak marks its other tokens so; an ID token is for the client that it was issued to, not for us.
_OTHER_USES = frozenset({"id", "refresh", "offline", "logout"})
_ID_TOKEN = frozenset({"at_hash", "c_hash", "s_hash", "nonce"})
_NAMES = ("preferred_username", "email", "client_id", "azp", "appid", "sub")
_SLUG = re.compile(SLUG)


class FindsKeys(Protocol):
    """What the verifier needs of `SigningKeys`."""

    def find(self, kid: str, algorithm: str) -> SigningKey | None:
        """Return the key that a token names. Raises ProviderAway."""


class TokenVerifier:
    """Verifies the tokens of one issuer. Safe for many threads."""

    def __init__(self, settings: OidcSettings, keys: FindsKeys, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock

    def caller(self, token: str) -> Caller:
        """Return whom a token names. Raises TokenRefused, or ProviderAway when its keys cannot be had."""
        if len(token) > LONGEST:
            raise TokenRefused("The token is too long.")
        claims = self._verified(token)
        self._check_times(claims)
        self._check_use(claims)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not is_printable(subject):
            raise TokenRefused("The token names no subject.")
        pseudonym = hashlib.sha256(f"{self._settings.issuer}\n{subject}".encode()).hexdigest()[:26]
        return Caller(
            key_id=f"oidc_{pseudonym}",
            name=_name(claims),
            scopes=self._scopes(claims),
            expires_at=float(claims["exp"]) + self._settings.skew_seconds,
            tenant=self._tenant(claims),
            kind="oidc",
            subject=subject,
        )

    def _verified(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that is signed by the issuer, for us."""
        try:
            header = jwt.get_unverified_header(token)
        except (PyJWTError, ValueError, RecursionError) as error:
            raise TokenRefused("This is not a signed JWT.") from error
        algorithm, kid, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise TokenRefused("The token's algorithm is not accepted.")
        if not isinstance(kid, str) or not isinstance(kind, str) or kind.lower() not in _TYPES or "crit" in header:
            raise TokenRefused("The token is of a type that is not accepted.")
        key = self._keys.find(kid, algorithm)
        if key is None:
            raise TokenRefused("The issuer has no such key.")
        return self._decoded(token, key, algorithm)

    def _decoded(self, token: str, key: SigningKey, algorithm: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key.verifier(algorithm),
                algorithms=[algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                # Times are checked here, by our own clock.
                options={
                    "require": ["exp", "iss", "aud", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except InvalidAudienceError as error:
            raise TokenRefused("The token is for another audience.") from error
        except InvalidIssuerError as error:
            raise TokenRefused("The token is of another issuer.") from error
        except (PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise TokenRefused("The token's signature or form is wrong.") from error

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now, skew = self._clock(), self._settings.skew_seconds
        if _time(claims, "exp") + skew <= now:
            raise TokenRefused("The token has expired.")
        for name in ("nbf", "iat"):
            if name in claims and _time(claims, name) - skew > now:
                raise TokenRefused("The token is not valid yet.")

    def _check_use(self, claims: Mapping[str, Any]) -> None:
        if str(claims.get("typ", "")).lower() in _OTHER_USES or _ID_TOKEN & claims.keys():
            raise TokenRefused("This is not an access token.")
        if "cnf" in claims:
            raise TokenRefused("The token is bound to a key of its holder, which is not supported.")
        client = claims.get("azp", claims.get("client_id", claims.get("appid")))
        if client is not None and not isinstance(client, str):
            raise TokenRefused("The token's client has a wrong form.")
        if self._settings.clients and client not in self._settings.clients:
            raise TokenRefused("The token was issued to a client that is not accepted.")

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[str]:
        values = _values(_claim(claims, self._settings.scopes_claim))
        if not self._settings.scope_map:
            return frozenset(values) & frozenset(SCOPES)
        return frozenset[str]().union(*(self._settings.scope_map.get(value, frozenset()) for value in values))

    def _tenant(self, claims: Mapping[str, Any]) -> str:
        if not self._settings.tenant_claim:
            return DEFAULT_TENANT
        found = _claim(claims, self._settings.tenant_claim)
        if isinstance(found, list) and len(found) == 1:
            found = found[0]  # claims made of groups are lists
        if not isinstance(found, str) or not _SLUG.fullmatch(found):
            # Not the default one: whoever is in no tenant must not see that of others.
            raise TokenRefused("The token names no tenant.")
        return found


class KnownTenants:
    """Remembers for a minute which tenants there are, so that the usual token costs no look-up. Safe for threads."""

    def __init__(self, exists: Callable[[str], bool], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._exists = exists
        self._monotonic = monotonic
        self._until: dict[str, float] = {}

    def check(self, tenant: str) -> None:
        """Let a tenant pass that is there. Raises TokenRefused: one that nobody made has no quotas either."""
        now = self._monotonic()
        if self._until.get(tenant, now) > now:
            return
        if not self._exists(tenant):
            self._until.pop(tenant, None)
            raise TokenRefused("The token's tenant is not known here.")
        self._until[tenant] = now + _TENANT_SECONDS


def token_reader(settings: OidcSettings | None, tenant_exists: Callable[[str], bool]) -> ReadsTokens | None:
    """Return what reads the tokens of the issuer that is set, None when none is. Asks nothing of it yet."""
    if settings is None:
        return None
    verifier = TokenVerifier(settings, SigningKeys(settings.issuer, fetch))
    tenants = KnownTenants(tenant_exists)

    def read(token: str) -> Caller:
        try:
            caller = verifier.caller(token)
        except ProviderAway as error:
            detail = "The identity provider cannot be reached to verify the token."
            raise Problem(503, "identity-provider-away", detail, headers={"Retry-After": "10"}) from error
        tenants.check(caller.tenant)
        return caller

    return read


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e12 < value < 1e12:  # noqa: PLR2004
        raise TokenRefused(f"The token's {name} is not a time.")
    return float(value)


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by a path into it (`realm_access.roles`); None when it is not there."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _values(claim: Any) -> list[str]:
    if isinstance(claim, str):
        return claim.split()
    return [value for value in claim if isinstance(value, str)] if isinstance(claim, list) else []


def _name(claims: Mapping[str, Any]) -> str:
    for name in _NAMES:
        value = claims.get(name)
        if isinstance(value, str) and value and is_printable(value):
            return value[:_LONGEST_NAME]
    return ""
