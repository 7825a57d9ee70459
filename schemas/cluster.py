"""The failover cluster: its name, address, witness, storage and the validation before it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate, validates_schema

from schemas.address import IPv4
from schemas.base import StrictSchema, choice, coded, text
from schemas.names import computer_name, object_name
from schemas.secret import SecretField

# Which members a kind of witness needs, and which it may have beside them.
_WITNESS_NEEDS = {"none": (), "file_share": ("path",), "cloud": ("account_name", "access_key"), "disk": ("disk_name",)}
_WITNESS_MAY = {"cloud": ("endpoint",)}


class WitnessSchema(StrictSchema):
    """The extra vote. `path` is a UNC path, `account_name` an Azure storage account."""

    kind = choice("none", "file_share", "cloud", "disk", load_default="none")
    path = text(
        5, 240, pattern=r'\\\\[^\\/:*?"<>|]+(\\[^\\/:*?"<>|]+)+', hint=r"Not a UNC path such as \\server\share."
    )
    account_name = text(3, 24, pattern=r"[a-z0-9]+", hint="An Azure storage account is 3-24 of a-z and 0-9.")
    access_key = SecretField()
    endpoint = text(1, 253, pattern=r"[A-Za-z0-9.-]+", hint="Not an endpoint such as core.windows.net.")
    disk_name = object_name()

    @validates_schema
    def _members(self, data: dict[str, Any], **_options: Any) -> None:
        needs = _WITNESS_NEEDS[data["kind"]]
        for member in needs:
            if member not in data:
                raise coded(f"Needed for a witness of kind {data['kind']}.", "required", member)
        for member in data.keys() - {"kind", *needs, *_WITNESS_MAY.get(data["kind"], ())}:
            raise coded(f"Not for a witness of kind {data['kind']}.", "conflict", member)


class ValidationSchema(StrictSchema):
    """`fail` stops at a failed test, `warn` goes on and says so, `skip` does not test. None given: the plan chooses."""

    gate = choice("fail", "warn", "skip", load_default="fail")
    categories = fields.List(
        text(1, 80, pattern=r"[A-Za-z0-9 ().-]+", hint="Not the name of a test category."),
        validate=validate.Length(max=32),
        load_default=list[str],
    )


class ClusterSchema(StrictSchema):
    """Without `static_address` one is chosen, or leased by DHCP. `access_point` follows the identity."""

    name = computer_name(required=True)
    static_address = IPv4()
    access_point = choice("dns", "active_directory_and_dns", "none")
    witness = fields.Nested(WitnessSchema, load_default=lambda: {"kind": "none"})
    storage = choice("none", "s2d", load_default="none")
    validation = fields.Nested(ValidationSchema, load_default=lambda: {"gate": "fail", "categories": list[str]()})

    @validates_schema
    def _address(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("access_point") == "none" and "static_address" in data:
            raise coded("A cluster without an access point has no address.", "conflict", "static_address")
