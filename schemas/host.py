"""Hosts: the physical Hyper-V hosts, how they are reached and what may be asked of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, fields, validate, validates_schema

from schemas.base import Flag, Labels, StrictSchema, Timestamp, choice, coded, object_id, text, whole
from schemas.names import windows_path
from schemas.page import PageQuerySchema
from schemas.secret import LongSecretSchema, SecretField

_LOOPBACK = frozenset({"localhost", "127.0.0.1"})
AUTHENTICATION = ("negotiate", "ntlm", "kerberos", "credssp", "basic", "certificate")
_ADDRESS = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_LARGEST_MEMORY_MIB = 64 * 1024 * 1024


def _plain_url(value: str) -> None:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise coded("Not a URL.", "url") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise coded("Not an http or https URL.", "url")
    if parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        raise coded("A URL here has no user, no password and no fragment.", "url")


def http_url(**options: Any) -> fields.String:
    """Return a field for an http(s) URL without credentials; where it may lead is checked when it is called."""
    field = text(1, 2048, pattern=r"https?://[!-~]+", hint="Not an http or https URL.", **options)
    field.validators.append(_plain_url)
    return field


class LimitsSchema(StrictSchema):
    """What the service may do at once on a host; 0 steps means: start none. WinRM's quota of shells bounds sessions."""

    max_sessions = whole(1, 100, load_default=16)
    max_parallel_steps = whole(0, 100, load_default=16)
    max_heavy_steps = whole(0, 100, load_default=4)
    memory_reserve_mib = whole(0, _LARGEST_MEMORY_MIB, load_default=4096)


class CapacitySchema(StrictSchema):
    """What labs may take of a host. Without it the last inspection's totals count."""

    memory_mib = whole(0, _LARGEST_MEMORY_MIB, required=True)
    disk_gib = whole(0, 10_000_000, required=True)


class HostUpdateSchema(StrictSchema):
    """The members of a host that may change; only those given change, `limits` and `capacity` as a whole."""

    name = text(1, 80)
    address = text(1, 253, pattern=_ADDRESS, hint="Not a host name or an IPv4 address; IPv6 is not supported.")
    port = whole(1, 65535)
    scheme = choice("https", "http")
    auth = choice(*AUTHENTICATION)
    username = text(1, 256)
    password = SecretField(
        shape=LongSecretSchema,
        metadata={"description": "for `certificate`: PEM of the client certificate and its private key"},
    )
    ca_pem = fields.String(
        validate=[
            validate.Length(0, 65536),
            validate.Regexp(r"^(\s*-----BEGIN CERTIFICATE-----[\s\S]+)?$", error="Not a PEM certificate."),
        ]
    )
    configuration_name = text(0, 128, pattern=r"[A-Za-z0-9._-]*")
    labels = Labels()
    limits = fields.Nested(LimitsSchema)
    capacity = fields.Nested(CapacitySchema, allow_none=True)
    storage_path = windows_path()
    schedulable = Flag(metadata={"description": "false: cordoned, no new lab is placed on it"})
    requires_approval = Flag(
        metadata={"description": "jobs submitted from now on that change something here wait for an approval"}
    )


class HostCreateSchema(HostUpdateSchema):
    """A host to register. The port follows the scheme: 5986 for https, 5985 for http."""

    name = text(1, 80, required=True)
    address = text(
        1, 253, pattern=_ADDRESS, hint="Not a host name or an IPv4 address; IPv6 is not supported.", required=True
    )
    port = whole(1, 65535, load_default=None, allow_none=True)
    scheme = choice("https", "http", load_default="https")
    auth = choice(*AUTHENTICATION, load_default="negotiate")
    username = text(1, 256, required=True)
    password = SecretField(shape=LongSecretSchema, required=True)
    ca_pem = fields.String(
        validate=[
            validate.Length(0, 65536),
            validate.Regexp(r"^(\s*-----BEGIN CERTIFICATE-----[\s\S]+)?$", error="Not a PEM certificate."),
        ],
        load_default="",
    )
    configuration_name = text(
        0,
        128,
        pattern=r"[A-Za-z0-9._-]*",
        load_default="",
        metadata={
            "description": "an endpoint with the module installed; empty: the default one, and it is loaded into it"
        },
    )
    labels = Labels(load_default=dict[str, str])
    limits = fields.Nested(LimitsSchema, load_default=lambda: LimitsSchema().load({}))
    capacity = fields.Nested(CapacitySchema, allow_none=True, load_default=None)
    storage_path = windows_path(load_default=r"C:\Matryoshka")
    schedulable = Flag(load_default=True, metadata={"description": "false: cordoned, no new lab is placed on it"})
    requires_approval = Flag(load_default=False)

    @validates_schema
    def _certificate_over_tls(self, data: dict[str, Any], **_options: Any) -> None:
        if data["auth"] == "certificate" and data["scheme"] != "https":
            raise coded("A client certificate needs https.", "conflict", "auth")

    @validates_schema
    def _no_open_password(self, data: dict[str, Any], **_options: Any) -> None:
        if data["auth"] == "basic" and data["scheme"] == "http" and data["address"] not in _LOOPBACK:
            raise coded("Basic over http sends the password unencrypted; use https.", "conflict", "auth")


class HostSchema(Schema):
    """A host as callers see it; the password never."""

    id = object_id("host", dump_only=True)
    name = fields.String()
    address = fields.String()
    port = fields.Integer()
    scheme = fields.String()
    auth = fields.String()
    username = fields.String()
    ca_pem = fields.String()
    configuration_name = fields.String()
    labels = Labels()
    limits = fields.Nested(LimitsSchema)
    capacity = fields.Nested(CapacitySchema, allow_none=True)
    storage_path = fields.String()
    schedulable = fields.Boolean()
    requires_approval = fields.Boolean()
    report = fields.Dict(
        keys=fields.String(), allow_none=True, metadata={"description": "the last Get-NestedHostReport"}
    )
    inspected_at = Timestamp(allow_none=True)
    reached_at = Timestamp(
        allow_none=True, metadata={"description": "when a worker's step last had an answer of the host"}
    )
    unreachable_since = Timestamp(allow_none=True, metadata={"description": "null while it answers"})
    unreachable_error = fields.String(
        metadata={"description": "`HOST_UNREACHABLE`, `SESSION_LOST` or `OUTCOME_UNKNOWN`; empty while it answers"}
    )
    created_at = Timestamp()
    updated_at = Timestamp()
    version = fields.Integer()


class ReservationSchema(Schema):
    """What a job or a lab holds of a host; `other-tenants` is what all those hold that the caller does not see."""

    holder = fields.String()
    memory_mib = fields.Integer()
    disk_gib = fields.Integer()
    since = Timestamp(allow_none=True)


class HostQuerySchema(PageQuerySchema):
    """Filters of the list of hosts. `label` is name=value."""

    name = text(1, 80)
    label = text(3, 127)
