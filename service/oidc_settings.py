"""Which identity provider's tokens are taken, and what their claims mean here. Read once, at start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from schemas.key import SCOPES
from service.settings_error import SettingsError

_PREFIX = "MATRYOSHKA_OIDC_"
_LONGEST_SKEW = 300
_CLAIM = re.compile(r"[\x21-\x7e]{1,200}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class OidcSettings:
    """One issuer. A token is for one of `audience`; `clients`, when there are some, are those that may have asked.

    `scope_map` says which scopes a value of the scopes claim gives; without it a value that is a scope of ours gives
    itself. `tenant_claim` '' puts every caller into the default tenant. `skew_seconds` is how far clocks may differ.
    """

    issuer: str
    audience: tuple[str, ...]
    scopes_claim: str = "scope"
    scope_map: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tenant_claim: str = ""
    clients: tuple[str, ...] = ()
    skew_seconds: int = 60

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> OidcSettings | None:
        """Read the variables; None without an issuer.

        Raises:
            SettingsError: names the first variable that cannot be used.
        """
        issuer = _text(environ, "ISSUER")
        if not issuer:
            stray = sorted(name for name, value in environ.items() if name.startswith(_PREFIX) and value.strip())
            if stray:
                raise SettingsError(f"{_PREFIX}ISSUER", f"is not set, but {stray[0]} is")
            return None
        audience = _list(environ, "AUDIENCE")
        if not audience:
            raise SettingsError(f"{_PREFIX}AUDIENCE", "is not set: a token for another service must not open this one")
        return cls(
            issuer=_issuer(issuer),
            audience=audience,
            scopes_claim=_claim(environ, "SCOPES_CLAIM") or "scope",
            scope_map=_scope_map(environ),
            tenant_claim=_claim(environ, "TENANT_CLAIM"),
            clients=_list(environ, "CLIENTS"),
            skew_seconds=_skew(environ),
        )


def is_safe_url(url: str) -> bool:
    """Tell whether keys may be fetched from there: over TLS, or from this very machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _text(environ: Mapping[str, str], name: str) -> str:
    return environ.get(_PREFIX + name, "").strip()


def _list(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _text(environ, name).split(",") if part.strip())


def _issuer(text: str) -> str:
    try:
        safe = is_safe_url(text)
    except ValueError:
        safe = False
    if not safe or "?" in text or "#" in text:
        raise SettingsError(f"{_PREFIX}ISSUER", f"must be an https:// URL without a query, not {text!r}")
    return text


def _claim(environ: Mapping[str, str], name: str) -> str:
    text = _text(environ, name)
    if text and not _CLAIM.fullmatch(text):
        raise SettingsError(_PREFIX + name, "must be the name of a claim, such as scope or realm_access.roles")
    return text


def _skew(environ: Mapping[str, str]) -> int:
    text = _text(environ, "SKEW_SECONDS") or "60"
    if not (text.isascii() and text.isdigit() and int(text) <= _LONGEST_SKEW):
        raise SettingsError(f"{_PREFIX}SKEW_SECONDS", f"must be 0 to {_LONGEST_SKEW} seconds, not {text!r}")
    return int(text)


def _scope_map(environ: Mapping[str, str]) -> dict[str, frozenset[str]]:
    name, found = f"{_PREFIX}SCOPE_MAP", dict[str, frozenset[str]]()
    for part in _list(environ, "SCOPE_MAP"):
        value, given, scopes = part.rpartition("=")
        names = frozenset(scopes.split())
        if not given or not value.strip() or not names:
            raise SettingsError(name, f"must be like lab-admins=admin,lab-users=jobs:read jobs:write, not {part!r}")
        unknown = sorted(names - set(SCOPES))
        if unknown:
            raise SettingsError(name, f"names no scope of this service: {unknown[0]!r}; there are {', '.join(SCOPES)}")
        found[value.strip()] = names | found.get(value.strip(), frozenset())
    return found
