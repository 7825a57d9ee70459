"""`matryoshka events`: the feed of all jobs."""

from __future__ import annotations

import click

from service.commands.client import client_from_env
from service.commands.job_parts import EVENT_COLUMNS
from service.commands.showing import show_list
from service.commands.verbs import Verb, limited


@click.command(cls=Verb)
@click.option("--type", "event_type", help="Only events of this type.")
@click.option("--after", help="Only events after this id.")
@limited
def events(event_type: str | None, after: str | None) -> None:
    """List the events of all jobs, oldest first."""
    show_list(client_from_env().pages("/v1/events", type=event_type, after=after), EVENT_COLUMNS)
