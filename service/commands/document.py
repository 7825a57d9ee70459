"""`matryoshka openapi`: the OpenAPI document, without a service."""

from __future__ import annotations

import click

from service.api.openapi import openapi_yaml
from service.commands.verbs import Verb


@click.command(cls=Verb)
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(openapi_yaml(), nl=False)
