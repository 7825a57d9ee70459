"""The operator's file of workspaces, and the settings round it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.chat.building import Build
from service.chat.filling import fill, template_for
from service.chat.words import NotUnderstood
from service.settings import Settings, SettingsError
from service.slack_settings import read_teams
from tests.conftest import ROOT

CLUSTER = json.loads((ROOT / "examples" / "nested_cluster.json").read_text("utf-8"))
ENVIRON = {"MATRYOSHKA_REDIS_URL": "redis://127.0.0.1:1/0", "MATRYOSHKA_PUBLIC_KEY": "A" * 43 + "="}


def _file(**team: Any) -> str:
    rules = [{"scopes": ["jobs:read"]}, {"users": ["U1"], "channels": ["C1"], "scopes": ["jobs:write"]}]
    return json.dumps({"teams": {"T1": {"rules": rules, "templates": {"cluster": CLUSTER}, **team}}})


def test_rules_add_up() -> None:
    """A user has the scopes of all rules that fit him in this channel, and no others."""
    team = read_teams(_file())["T1"]

    assert {"jobs:read", "jobs:write"} == team.scopes("U1", "C1")
    assert {"jobs:read"} == team.scopes("U1", "C2") == team.scopes("U2", "C1")
    assert ("default", None) == (team.tenant, team.bot_token)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON: line 1 column 2"),
        ("{}", "#/teams: "),
        (_file(rules=[]), "#/teams/T1/rules: "),
        (_file(rules=[{"scopes": ["everything"]}]), "#/teams/T1/rules/0/scopes/0: "),
        (_file(rules=[{"scopes": ["admin"], "users": ["steve"]}]), "Not an id of Slack"),
        (_file(rules=[{"scopes": ["admin"], "usergroups": ["S1"]}]), "/rules/0/usergroups: "),
        (_file(bot_token={"value": "xoxb-secret"}), "/bot_token/value: "),
        (_file(templates={"x": {"kind": "teardown"}}), "#/teams/T1/templates/x/kind: must be one of"),
        (_file(templates={"x": {**CLUSTER, "nodes": 3}}), "#/teams/T1/templates/x: a member is not an object"),
        (_file(templates={"x": {**CLUSTER, "network": {}}}), "#/teams/T1/templates/x/network"),
        (
            _file(templates={"x": {**CLUSTER, "guest": {"password": {"value": "hunter2hunter2"}}}}),
            "must be a reference",
        ),
    ],
)
def test_a_bad_file_is_refused_at_start(text: str, reason: str) -> None:
    """The first place that cannot be used is named, and no value is shown."""
    with pytest.raises(ValueError, match=r"[#i]") as caught:
        read_teams(text)

    assert reason in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "xoxb" not in str(caught.value)


def test_settings_need_both_or_none(tmp_path: Path) -> None:
    """Slack is off without settings; half of them, or an unusable file, is an error that names the variable."""
    teams, secret = tmp_path / "teams.json", tmp_path / "secret"
    teams.write_text(_file())
    secret.write_text("s3cret\n")
    both = {"MATRYOSHKA_SLACK_SIGNING_SECRET_FILE": str(secret), "MATRYOSHKA_SLACK_TEAMS_FILE": str(teams)}
    found = Settings.from_env({**ENVIRON, **both}).slack
    assert found is not None
    assert "s3cret" == found.signing_secret
    assert "s3cret" not in repr(found)
    assert None is Settings.from_env(ENVIRON).slack
    for environ, named in (
        ({"MATRYOSHKA_SLACK_SIGNING_SECRET": "x"}, "MATRYOSHKA_SLACK_TEAMS_FILE"),
        ({"MATRYOSHKA_SLACK_TEAMS_FILE": str(teams)}, "MATRYOSHKA_SLACK_SIGNING_SECRET"),
        ({**both, "MATRYOSHKA_SLACK_TEAMS_FILE": str(secret)}, "MATRYOSHKA_SLACK_TEAMS_FILE"),
        ({**both, "MATRYOSHKA_SLACK_TEAMS_FILE": str(tmp_path / "none")}, "MATRYOSHKA_SLACK_TEAMS_FILE"),
    ):
        with pytest.raises(SettingsError) as caught:
            Settings.from_env({**ENVIRON, **environ})
        assert named == caught.value.variable


def test_a_template_is_filled_with_what_was_said() -> None:
    """What is said takes the place of the template's; addresses of another number of nodes go; the template stays."""
    before = json.dumps(CLUSTER)
    said = Build("cluster", "hv1", "lab1", 5, 16384, "ws2025", 3600)
    body = fill(CLUSTER, said, {"slack-user": "U1"})

    assert ({"name": "hv1"}, 3600) == (body["host"], body["lease_seconds"])
    assert (5, 16384, {"name": "ws2025"}, "lab1") == tuple(
        body["nodes"][name] for name in ("count", "memory_mib", "image", "name_prefix")
    )
    assert "lab1" == body["cluster"]["name"]
    assert "addresses" not in body["network"]
    assert {"team": "platform", "slack-user": "U1"} == body["labels"]
    assert before == json.dumps(CLUSTER)
    assert CLUSTER["network"]["addresses"] == fill(CLUSTER, Build("cluster", nodes=3), {})["network"]["addresses"]
    assert (
        "averylongname" == fill(CLUSTER, Build("cluster", name="averylongname-x", nodes=3), {})["nodes"]["name_prefix"]
    )


def test_the_template_of_the_kind_is_taken() -> None:
    """Without a name the first template of the kind; a name must be of the kind, and the nearest one is offered."""
    templates = {
        "host": {"kind": "nested_host"},
        "small": {"kind": "nested_cluster"},
        "big": {"kind": "nested_cluster"},
    }

    assert templates["small"] is template_for(Build("cluster"), templates)
    assert templates["big"] is template_for(Build("cluster", template="big"), templates)
    with pytest.raises(NotUnderstood) as caught:
        template_for(Build("cluster", template="smal"), templates)
    assert "small" == caught.value.nearest
    with pytest.raises(NotUnderstood, match="no template for a host"):
        template_for(Build("host"), {})
