"""`matryoshka slack`: a file of workspaces is tried before it is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import matryoshka
from tests.conftest import ROOT

CLUSTER = json.loads((ROOT / "examples" / "nested_cluster.json").read_text("utf-8"))
RULES = [{"scopes": ["jobs:read"]}, {"users": ["U1"], "channels": ["C1"], "scopes": ["jobs:write"]}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good file."""
    file = tmp_path / "teams.json"
    file.write_text(json.dumps({"teams": {"T1": {"rules": RULES, "templates": {"cluster": CLUSTER}}}}))
    return file


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(matryoshka, ["slack", *map(str, arguments)])


def test_a_file_is_checked(path: Path) -> None:
    """A good file is summed up, with what a user may do; a bad one is refused with its first fault, exit code 1."""
    shown = _run("check", path, "--user", "U1", "--channel", "C1")
    assert "T1: tenant default, 2 rules, templates cluster, no bot token" in shown.output
    assert "U1 in C1: jobs:read, jobs:write" in shown.output

    path.write_text('{"teams": {}}')
    bad = _run("check", path)
    assert (1, True) == (bad.exit_code, "#/teams" in bad.output)


def test_a_command_is_tried(path: Path) -> None:
    """A command is shown as the request that it would be, or refused as it would be in Slack."""
    shown = _run("try", path, "build a 5-node cluster on hv1 named lab1")
    assert (5, {"name": "hv1"}) == (json.loads(shown.output)["nodes"]["count"], json.loads(shown.output)["host"])
    assert "status lab1" == _run("try", path, "status of lab1").output.strip()
    refused = _run("try", path, "build a clutser")
    assert 1 == refused.exit_code
    assert "word 3: clutser) Did you mean cluster?" in refused.output
    assert 2 == _run("try", path, "jobs", "--team", "T2").exit_code
