"""Who the nodes are: a workgroup, or members of a domain that exists already."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validates_schema

from schemas.base import StrictSchema, choice, coded, text
from schemas.names import dns_name
from schemas.secret import CredentialSchema

_DOMAIN_ONLY = ("domain", "organizational_unit", "join_credential")


class IdentitySchema(StrictSchema):
    """In `domain` mode the credential joins the nodes and makes the cluster, so it must be an administrator on them."""

    mode = choice("workgroup", "domain", load_default="workgroup")
    domain = dns_name()
    organizational_unit = text(
        4, 512, pattern=r"(OU|CN|DC|ou|cn|dc)=.+", hint="Not a distinguished name such as OU=Labs,DC=example,DC=com."
    )
    join_credential = fields.Nested(CredentialSchema)

    @validates_schema
    def _mode(self, data: dict[str, Any], **_options: Any) -> None:
        if data["mode"] == "domain":
            for needed in ("domain", "join_credential"):
                if needed not in data:
                    raise coded("Needed to join a domain.", "required", needed)
            return
        for member in _DOMAIN_ONLY:
            if member in data:
                raise coded("For mode domain only.", "conflict", member)
