"""`matryoshka slack ...`: the operator's file of workspaces, tried before it is used. Asks nobody."""

from __future__ import annotations

import json
from pathlib import Path

import click

from service.chat.building import Build
from service.chat.filling import fill, template_for
from service.chat.grammar import parse
from service.chat.words import NotUnderstood
from service.commands.showing import Prose, show
from service.commands.verbs import Verbs
from service.slack_settings import SlackTeam, read_teams

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=Verbs)
def slack() -> None:
    """Slack: check the file of workspaces (MATRYOSHKA_SLACK_TEAMS_FILE), and what a command would ask for."""


@slack.command()
@click.argument("path", type=_FILE)
@click.option("--user", default="", help="Show what this user may do.")
@click.option("--channel", default="", help="In this channel.")
def check(path: Path, user: str, channel: str) -> None:
    """Check a file; show its workspaces and, with --user, his scopes. Exits with 1 for a file that cannot be used."""
    for team in _teams(path).values():
        line = (
            f"{team.id}: tenant {team.tenant}, {len(team.rules)} rules, templates {', '.join(team.templates) or 'none'}"
        )
        click.echo(f"{line}, {'a' if team.bot_token else 'no'} bot token")
        if user:
            scopes = ", ".join(sorted(team.scopes(user, channel))) or "nothing"
            click.echo(f"  {user} in {channel or 'any channel that no rule names'}: {scopes}")


@slack.command("try")
@click.argument("path", type=_FILE)
@click.argument("text")
@click.option("--team", "team_id", default="", help="Needed when the file has several.")
def try_command(path: Path, text: str, team_id: str) -> None:
    """Show what a command is understood as; for `build ...`, the request that it would be. Nothing is asked or done."""
    team = _team(_teams(path), team_id)
    try:
        command = parse(text)
        if not isinstance(command, Build):
            click.echo(f"{command.verb} {command.target}".strip())
            return
        request = fill(template_for(command, team.templates), command, {})
        show(request, [Prose(json.dumps(request, indent=2, ensure_ascii=False).splitlines())])
    except NotUnderstood as error:
        where = f" (word {error.place}: {error.word})" if error.word else ""
        hint = f" Did you mean {error.nearest}?" if error.nearest else ""
        raise click.ClickException(f"{error.reason}{where}{hint}") from error


def _teams(path: Path) -> dict[str, SlackTeam]:
    try:
        return read_teams(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path} {error}") from error


def _team(teams: dict[str, SlackTeam], team_id: str) -> SlackTeam:
    if not team_id and len(teams) == 1:
        return next(iter(teams.values()))
    if team_id not in teams:
        raise click.UsageError(f"give --team, one of {', '.join(teams)}")
    return teams[team_id]
