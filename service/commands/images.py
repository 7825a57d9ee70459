"""`matryoshka images ...`: parent disks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO

import click

from schemas.image import EDITIONS
from service.commands import completing
from service.commands.asking import sure
from service.commands.client import client_from_env
from service.commands.naming import image_id
from service.commands.request_files import read_request
from service.commands.showing import Part, Record, show, show_list
from service.commands.tables import Column
from service.commands.verbs import Verbs, limited

_COLUMNS = (
    Column("id", kind="id"),
    Column("name"),
    Column("os_build"),
    Column("edition", rank=2),
    Column("path", rank=1),
    Column("generation", rank=3),
    Column("age", "created_at", "age", rank=4),
)
_LINES = (
    Column("id", kind="id"),
    Column("name"),
    Column("path", kind="id"),
    Column("sha256", kind="id"),
    Column("os_name"),
    Column("os_build"),
    Column("edition"),
    Column("generation"),
    Column("size_mib", lambda image: image.get("size_mib") or None),
    Column("description"),
    Column("labels"),
    Column("created", "created_at", "age"),
)


@click.group(cls=Verbs)
def images() -> None:
    """Images: parent disks."""


@images.command("add")
@click.argument("file", type=click.File(), required=False)
@click.option("--name")
@click.option("--path", help="Where the VHDX is on the hosts.")
@click.option("--sha256", help="Its hash, as Get-FileHash prints it.")
@click.option("--os-build", type=int, help="20348 for Windows Server 2022, 26100 for 2025.")
@click.option("--os-name")
@click.option("--edition", type=click.Choice(EDITIONS))
@click.option("--generation", type=click.Choice(["1", "2"]), callback=lambda _c, _p, value: value and int(value))
def add_image(file: TextIO | None, **given: Any) -> None:
    """Add the image that FILE (JSON or YAML) or the options describe; an option goes before the file's member."""
    client = client_from_env()
    members = read_request(file) if file else {}
    members |= {name: value for name, value in given.items() if value is not None}
    made = client.call("POST", "/v1/images", members)
    show(made, lambda: image_parts(made))


@images.command("list")
@limited
def list_images() -> None:
    """List images."""
    show_list(client_from_env().pages("/v1/images"), _COLUMNS)


@images.command("show")
@click.argument("image", shell_complete=completing.images)
def show_image(image: str) -> None:
    """Show an image, by name or id."""
    client = client_from_env()
    found = client.get(f"/v1/images/{image_id(client, image)}")
    show(found, lambda: image_parts(found))


@images.command("delete")
@click.argument("image", shell_complete=completing.images)
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_image(image: str, *, yes: bool) -> None:
    """Forget an image; the file on the hosts stays. In a terminal it asks first."""
    client = client_from_env()
    path = f"/v1/images/{image_id(client, image)}"
    sure(f"Forget the image {image}?", yes=yes)
    client.call("DELETE", path, **{"If-Match": client.etag(path)})
    click.echo(f"{image} is forgotten")


def image_parts(image: dict[str, Any]) -> Iterator[Part]:
    """Yield what is known of an image."""
    yield Record("", _LINES, image)
