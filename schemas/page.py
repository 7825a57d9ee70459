"""Pages of a listing: what a caller asks with, and what every list answers."""

from __future__ import annotations

from functools import cache

from marshmallow import Schema, fields, post_load, validate

from schemas.base import StrictSchema, text

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200


class PageQuerySchema(StrictSchema):
    """`limit` (1 and up; more than 200 answers 200, AIP-158) and the opaque `cursor` of the page before."""

    limit = fields.Integer(load_default=DEFAULT_LIMIT, validate=validate.Range(1))
    cursor = text(1, 512, load_default=None)

    @post_load
    def _cap(self, data: dict[str, object], **_options: object) -> dict[str, object]:
        limit = data["limit"]
        return data | {"limit": min(limit, LARGEST_LIMIT)} if isinstance(limit, int) else data


@cache
def page_of(item: type[Schema]) -> type[Schema]:
    """Return the schema of one page, `{"items": [...], "next_cursor": "..." | null}`; the same class each time."""
    name = item.__name__.removesuffix("Schema") + "PageSchema"
    return StrictSchema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
        },
        name=name,
    )
