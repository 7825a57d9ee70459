"""Images: the catalogue of parent disks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from schemas.image import ImageCreateSchema, ImageSchema, ImageUpdateSchema
from schemas.page import PageQuerySchema, page_of
from service.api.answers import answer, base_of, no_content
from service.api.conditional import check_if_match, etag_of
from service.api.context import context
from service.api.listing import list_page
from service.api.moves import ledger_refusals
from service.api.operation import Operation, route
from service.api.problems import not_found
from service.ledger.ids import new_id
from service.ledger.store import Image

blueprint = Blueprint("images", __name__, description="Images: parent disks of nodes, by path and hash")
_IMAGE = "/v1/images/<identifier:image_id>"
_SHAPE = ImageSchema()


def _image(image_id: str) -> Image:
    image = context().store.images.get(image_id)
    if image is None:
        raise not_found("image", image_id)
    return image


def _answer(image: Image, status: int = 200, **headers: str) -> Response:
    return answer(_SHAPE.dump(image), status, {"ETag": etag_of(image.id, image.version), **headers})


@route(
    blueprint,
    Operation(
        "createImage",
        "POST",
        "/v1/images",
        "hosts:write",
        {201: ImageSchema},
        body=ImageCreateSchema(),
        problems=(409,),
        answer_headers={201: ("Location", "ETag")},
    ),
)
def create_image(body: dict[str, Any]) -> Response:
    """Add an image. Its hash is checked on the host before any disk is made of it."""
    ctx = context()
    with ledger_refusals("image"):
        image = ctx.store.images.put(Image(id=new_id("img", ctx.clock()), **body))
    return _answer(image, 201, Location=f"{base_of(request, ctx.settings.base_url)}/v1/images/{image.id}")


@route(
    blueprint,
    Operation(
        "listImages",
        "GET",
        "/v1/images",
        "hosts:read",
        {200: page_of(ImageSchema)},
        query=PageQuerySchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_images(query: dict[str, Any]) -> Response:
    """List images, newest first."""
    ctx = context()
    return list_page(ctx, query, ctx.store.images.list, _SHAPE.dump)


@route(
    blueprint,
    Operation(
        "getImage",
        "GET",
        _IMAGE,
        "hosts:read",
        {200: ImageSchema},
    ),
)
def get_image(image_id: str) -> Response:
    """Get an image."""
    image = _image(image_id)
    return _answer(image)


@route(
    blueprint,
    Operation(
        "updateImage",
        "PATCH",
        _IMAGE,
        "hosts:write",
        {200: ImageSchema},
        body=ImageUpdateSchema(),
        problems=(409, 412, 428),
        headers=("IfMatch",),
        answer_headers={200: ("ETag",)},
    ),
)
def update_image(image_id: str, body: dict[str, Any]) -> Response:
    """Change an image's description; another file is another image."""
    image = _image(image_id)
    check_if_match(request, etag_of(image.id, image.version))
    with ledger_refusals("image"):
        changed = context().store.images.update(replace(image, **body))
    context().catalogue.forget()
    return _answer(changed)


@route(
    blueprint,
    Operation("deleteImage", "DELETE", _IMAGE, "hosts:write", {204: None}, problems=(412, 428), headers=("IfMatch",)),
)
def delete_image(image_id: str) -> Response:
    """Forget an image; the file stays where it is, and running jobs have their own copy of path and hash."""
    image = _image(image_id)
    check_if_match(request, etag_of(image.id, image.version))
    with ledger_refusals("image"):
        context().store.images.delete(image.id, image.version)
    context().catalogue.forget()
    return no_content()
