"""Images, and forms that add a host or an image, made from their schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import redirect, request
from marshmallow import Schema

from schemas.host import HostCreateSchema
from schemas.image import ImageCreateSchema
from service.ui.blueprint import blueprint
from service.ui.forms import FormError, body_of, sections
from service.ui.names import Names
from service.ui.pages import api, faults_of, needed, page, shown

_PAGE = 100


@dataclass(frozen=True)
class Addable:
    """What can be added: its name for people and its schema."""

    kind: str
    schema: type[Schema]


ADDABLE: Mapping[str, Addable] = {
    "hosts": Addable("host", HostCreateSchema),
    "images": Addable("image", ImageCreateSchema),
}


@blueprint.route("/images", methods=["GET"])
@page
def list_images() -> str:
    """All images."""
    found = needed(api().get("/v1/images", limit=_PAGE, cursor=request.args.get("cursor")))
    return shown("images.html", images=found["items"], next_cursor=found["next_cursor"])


@blueprint.route("/hosts/add", methods=["GET"], defaults={"place": "hosts"})
@blueprint.route("/images/add", methods=["GET"], defaults={"place": "images"})
@page
def show_addition(place: str) -> str:
    """The form of a new host or image, with what the query gives (`?/name=...`)."""
    return _form(place, {name: value for name, value in request.args.items() if name.startswith("/")})


@blueprint.route("/hosts/add", methods=["POST"], defaults={"place": "hosts"})
@blueprint.route("/images/add", methods=["POST"], defaults={"place": "images"})
@page
def add(place: str) -> Any:
    """Add what was filled in; what is wrong is said at its field, and nothing that was typed is lost but secrets."""
    given = dict(request.form.items())
    try:
        body = body_of(ADDABLE[place].schema(), given)
    except FormError as error:
        return _form(place, given, {error.name: str(error)}), 422
    answered = api().call("POST", f"/v1/{place}", body=body)
    if answered.is_good:
        return redirect(f"/hosts/{answered.body['id']}" if place == "hosts" else "/images")
    return _form(place, given, faults_of(answered), answered.problem), answered.status


def _form(place: str, given: Mapping[str, str], errors: Mapping[str, str] | None = None, said: str = "") -> str:
    one = ADDABLE[place]
    parts = [
        replace(part, label=one.kind.capitalize() if part.name == "/" else part.label)
        for part in sections(one.schema())
    ]
    return shown(
        "add_form.html",
        place=place,
        kind=one.kind,
        about=" ".join((one.schema.__doc__ or "").split()),
        sections=parts,
        given=given,
        errors=errors or {},
        said=said,
        names=Names(),
    )
