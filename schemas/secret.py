"""Secrets in requests: their two shapes, where they may stand, and how they are taken out before a request is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.base import StrictSchema, coded, text

SEEDED_KINDS = frozenset({"nested_cluster", "nested_host"})

_REFERENCE = (
    r"env:MATRYOSHKA_SECRET_[A-Z0-9_]{1,100}"
    r"|file:[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*"
    r"|vault:[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)+#[A-Za-z0-9_.-]+"
)
# Bytes of a webhook signing key (Standard Webhooks 1.0.0).
_LEAST_KEY, _LARGEST_KEY = 24, 64
_REFERENCE_HINT = (
    "A reference is env:MATRYOSHKA_SECRET_<NAME>, file:<name> of a file in the workers' secrets directory, "
    "or vault:<mount>/<path>#<field>."
)

# Where each secret stands in a request. The names are those of the sealed secrets beside a job.
_PLACES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "guest_administrator": (("guest", "password"), ("present_password",)),
    "new_guest_administrator": (("new_password",),),
    "join_credential": (("identity", "join_credential", "password"),),
    "witness_access_key": (("cluster", "witness", "access_key"),),
    "callback_secret": (("callback_secret",),),
    "nested_guest": (("smoke_test", "guest", "password"), ("nested_vm", "guest", "password")),
}


# Stands for a secret that the ledger has already, while its request is changed; it is never stored.
_KEPT = "env:MATRYOSHKA_SECRET_KEPT_BY_THE_LEDGER"


class SecretSchema(StrictSchema):
    """A secret given (`value`, sealed at once) or named (`ref`, resolved by workers only)."""

    value = text(1, 1024, load_only=True)
    ref = text(1, 160, pattern=_REFERENCE, hint=_REFERENCE_HINT, load_only=True)

    @validates_schema
    def _one_of(self, data: dict[str, Any], **_options: Any) -> None:
        if len(data) != 1:
            raise coded("Give either value or ref.", "exclusive")


class LongSecretSchema(SecretSchema):
    """A secret that may have lines: a PEM bundle."""

    value = fields.String(validate=validate.Length(1, 16384), load_only=True)


class SecretField(fields.Nested):
    """A secret, never shown again. `shortest` is the least number of characters of a given value."""

    def __init__(self, *, shortest: int = 1, shape: type[SecretSchema] = SecretSchema, **options: Any) -> None:
        self.shortest = shortest
        super().__init__(shape, load_only=True, **options)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, *args: Any, **kwargs: Any
    ) -> Any:
        loaded = super()._deserialize(value, attr, data, *args, **kwargs)
        if len(loaded.get("value", "x" * self.shortest)) < self.shortest:
            raise coded(f"At least {self.shortest} characters.", "length", "value")
        return loaded


class CredentialSchema(StrictSchema):
    r"""A user name (`user`, `DOMAIN\user` or `user@domain`) and a password."""

    username = text(1, 104, pattern=r'[^"/\[\]:;|=,+*?<>]+', hint="Not a Windows user name.", required=True)
    password = SecretField(required=True)


def split_secrets(request: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Return the request with each secret replaced by `{"secret": "<name>"}`, and the secrets by name.

    The given request is not changed. Safe to repeat: a request without secrets gives itself and nothing.
    """
    without = dict(request)
    secrets: dict[str, dict[str, str]] = {}
    for name, places in _PLACES.items():
        for *way, last in places:
            secret = _found(request, (*way, last))
            if secret is not None:
                secrets[name] = secret
                _put(without, (*way, last), {"secret": name})
    return without, secrets


def with_references(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kept request in the form in which it was posted: a reference stands for each secret that is kept aside.

    The given request is not changed. `new_secrets` tells them from new ones after a schema has loaded it.
    """
    posted = dict(request)
    for places in _PLACES.values():
        for way in places:
            if _is_marked(request, way):
                _put(posted, way, {"ref": _KEPT})
    return posted


def settled_secrets(posted: Mapping[str, Any], original: Mapping[str, Any]) -> dict[str, Any]:
    """Return a posted request after a merge with `original`: a value goes before the reference to what is kept.

    The password of the guests' administrator cannot be taken away: machines may have it already.
    """
    settled = dict(posted)
    for places in _PLACES.values():
        for way in places:
            found = _found(settled, way)
            if found and found.get("ref") == _KEPT and "value" in found:
                _put(settled, way, {name: part for name, part in found.items() if name != "ref"})
    guest = settled.get("guest") or {}
    if generated_secrets(settled) and _found(original, ("guest", "password")) and isinstance(guest, dict):
        settled["guest"] = {**guest, "password": {"ref": _KEPT}}
    return settled


def new_secrets(secrets: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Return the secrets without those that only stand for what is kept."""
    return {name: secret for name, secret in secrets.items() if secret.get("ref") != _KEPT}


def generated_secrets(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the secrets that the caller left to us: the guest administrator's where disks are seeded."""
    if request.get("kind") == "rotate_guest_password":
        return () if request.get("new_password") else ("new_guest_administrator",)
    guest = request.get("guest") or {}
    given = (
        guest.get("password") if isinstance(guest, Mapping) else guest
    )  # what is no object is the schema's to refuse
    return ("guest_administrator",) if request.get("kind") in SEEDED_KINDS and not given else ()


def webhook_secret(value: Mapping[str, str]) -> None:
    """Refuse a given signing secret that is not `whsec_` and the base64 of 24-64 bytes (Standard Webhooks)."""
    given = value.get("value")
    if given is None:
        return
    body = re.fullmatch(r"whsec_([A-Za-z0-9+/]{32,88})(={0,2})", given)
    # 24 bytes are 32 characters of base64, 64 bytes are 88 with padding.
    if body is None or len(body[1] + body[2]) % 4 or not _LEAST_KEY <= len(body[1]) * 3 // 4 <= _LARGEST_KEY:
        raise ValidationError(
            coded("A signing secret is whsec_ and the base64 of 24 to 64 bytes.", "pattern", "value").messages
        )


def _found(holder: Any, way: tuple[str, ...]) -> dict[str, str] | None:
    for part in way:
        holder = holder.get(part) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) and ("value" in holder or "ref" in holder) else None


def _is_marked(holder: Any, way: tuple[str, ...]) -> bool:
    for part in way:
        holder = holder.get(part) if isinstance(holder, dict) else None
    return isinstance(holder, dict) and set(holder) == {"secret"}


def _put(holder: dict[str, Any], way: tuple[str, ...], value: Any) -> None:
    """Set what stands at the end of the way; each mapping on it is replaced by a copy, for they are the caller's."""
    for part in way[:-1]:
        holder[part] = dict(holder[part])
        holder = holder[part]
    holder[way[-1]] = value
