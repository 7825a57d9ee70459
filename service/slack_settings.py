"""Slack's side of the web process's settings: the signing secret, and the file of workspaces. Read once, at start."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError

from schemas import pointers
from schemas.job import JobRequestSchema
from schemas.secret import split_secrets
from schemas.slack import SlackTeamsSchema
from service.chat.building import Build
from service.chat.filling import KINDS, fill

_INNER = re.compile(r"^(#/teams/[^/]+(?:/value/templates/[^/]+)?)/(?:value|key)")
_OUTER = r"\1"


@dataclass(frozen=True)
class SlackRule:
    """Which users (none: all) in which channels (none: all) have these scopes."""

    scopes: frozenset[str]
    users: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()

    def fits(self, user: str, channel: str) -> bool:
        """Return whether the rule speaks of this user in this channel."""
        return (not self.users or user in self.users) and (not self.channels or channel in self.channels)


@dataclass(frozen=True)
class SlackTeam:
    """One workspace: its tenant, its rules, its templates, and the reference of its bot token."""

    id: str
    tenant: str
    name: str
    rules: tuple[SlackRule, ...]
    templates: Mapping[str, Mapping[str, Any]]
    bot_token: Mapping[str, str] | None = None

    def scopes(self, user: str, channel: str) -> frozenset[str]:
        """Return what a user may do in a channel: the scopes of all rules that fit."""
        return frozenset().union(*(rule.scopes for rule in self.rules if rule.fits(user, channel)))


@dataclass(frozen=True)
class SlackSettings:
    """What the web process needs to be spoken to by Slack."""

    signing_secret: str = field(repr=False)
    teams: Mapping[str, SlackTeam] = field(default_factory=dict)


def read_teams(text: str) -> dict[str, SlackTeam]:
    """Return the workspaces of a file.

    Raises:
        ValueError: names the first place that cannot be used, with its JSON Pointer; never a value.
    """
    try:
        loaded = SlackTeamsSchema().load(json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: line {error.lineno} column {error.colno}") from None
    except ValidationError as error:
        fault = pointers(error.messages)[0]
        # marshmallow tells keys from values of a dictionary; a reader of the file knows them by their place.
        raise ValueError(f"{_INNER.sub(_OUTER, fault['pointer'])}: {fault['detail']}") from None
    return {team_id: _team(team_id, found) for team_id, found in loaded["teams"].items()}


def _team(team_id: str, found: Mapping[str, Any]) -> SlackTeam:
    for name, template in found["templates"].items():
        _check_template(f"#/teams/{team_id}/templates/{name}", template)
    rules = tuple(
        SlackRule(frozenset(rule["scopes"]), frozenset(rule.get("users", ())), frozenset(rule.get("channels", ())))
        for rule in found["rules"]
    )
    name = found["name"] or f"slack {team_id}"
    return SlackTeam(team_id, found["tenant"], name, rules, found["templates"], found.get("bot_token"))


def _check_template(place: str, template: Mapping[str, Any]) -> None:
    """Refuse a template that no command could fill in, and one with a secret in it."""
    shape = next((shape for shape, kind in KINDS.items() if kind == template.get("kind")), None)
    if shape is None:
        raise ValueError(f"{place}/kind: must be one of {', '.join(KINDS.values())}")
    if any("value" in secret for secret in split_secrets(template)[1].values()):
        raise ValueError(f"{place}: a secret in a template must be a reference (ref)")
    nodes = template.get("nodes")
    count = nodes.get("count") if isinstance(nodes, Mapping) else None
    try:
        JobRequestSchema().load(fill(template, Build(shape, host="host1", name="lab1", nodes=count or 1), {}))
    except (AttributeError, TypeError):
        raise ValueError(f"{place}: a member is not an object") from None
    except ValidationError as error:
        fault = pointers(error.messages)[0]
        raise ValueError(f"{place}{fault['pointer'].removeprefix('#')}: {fault['detail']}") from None
