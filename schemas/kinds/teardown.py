"""`teardown`: removes what a job made, by VM id and owner note."""

from __future__ import annotations

from schemas.base import Flag, choice, object_id
from schemas.request import RequestSchema


class TeardownRequestSchema(RequestSchema):
    """Remove a lab. `cleanup_ad` also removes the cluster's objects from Active Directory."""

    kind = choice("teardown", required=True)
    lab_id = object_id("lab", required=True)
    cleanup_ad = Flag(load_default=True)
