"""The `matryoshka` command as a person and as a script use it."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import matryoshka
from tests.integration.api_kit import ROOT, cluster
from tests.integration.cli_kit import Shell, hands, running_shell


@pytest.fixture
def shell(redis_url: str, tmp_path: Path) -> Iterator[Shell]:
    """The command beside an API process that has a host and an image."""
    with running_shell(redis_url, tmp_path) as one:
        yield one


def test_a_job_from_submit_to_cancel(shell: Shell) -> None:
    """A job is planned, submitted, found, looked into and cancelled."""
    request = shell.file(cluster())
    assert shell.json("jobs", "plan", request)["refused"] is False
    job = shell.json("jobs", "submit", request, "--idempotency-key", "order-1")
    assert job["id"] == shell.json("jobs", "submit", request, "--idempotency-key", "order-1")["id"]

    assert [job["id"]] == [one["id"] for one in shell.json("jobs", "list", "--kind", "nested_cluster")]
    assert "inspect-host" in shell.run("jobs", "steps", job["id"]).stdout
    assert ["building"] == [lab["state"] for lab in shell.json("labs", "list")]
    assert "host.registered" in shell.run("events").stdout
    assert "cancelled" == shell.json("jobs", "cancel", job["id"])["state"]
    assert "hv1" in shell.run("hosts", "list").stdout


def test_watch_exits_with_the_result(shell: Shell) -> None:
    """Watching ends with 0 for a job that succeeded and with 4 for one that was cancelled."""
    request = shell.file({"kind": "inspect_host", "host": {"name": "hv1"}})
    with hands(shell.served.store):
        done = shell.run("jobs", "submit", request, "--watch")
    assert (0, True) == (done.returncode, "succeeded" in done.stdout), done.stderr

    job = shell.json("jobs", "submit", request)
    shell.json("jobs", "cancel", job["id"])
    assert 4 == shell.run("watch", job["id"]).returncode


def test_refusals_are_explained(shell: Shell) -> None:
    """A refused request says what is wrong, where, and under which request id; each fault has its exit code."""
    done = shell.run("jobs", "submit", shell.file(cluster(colour="blue")))

    assert 6 == done.returncode
    assert "#/colour" in done.stderr
    assert "request req_" in done.stderr
    assert "Traceback" not in done.stderr
    assert 7 == shell.run("jobs", "list", MATRYOSHKA_URL="http://127.0.0.1:1").returncode
    assert "MATRYOSHKA_API_KEY" in shell.run("jobs", "list", MATRYOSHKA_API_KEY="").stderr
    assert 2 == shell.run("jobs", "submit", "/nowhere.json").returncode


def test_keys_are_made_listed_and_revoked(shell: Shell) -> None:
    """A key that was made works until it is revoked, and is not stored."""
    made = shell.json("keys", "create", "--name", "portal", "--scopes", "jobs:read", "--expires-in", "90d")
    assert 0 == shell.run("jobs", "list", MATRYOSHKA_API_KEY=made["key"]).returncode
    assert 6 == shell.run("hosts", "list", MATRYOSHKA_API_KEY=made["key"]).returncode
    assert made["expires_at"]
    listed = shell.run("keys", "list", "--json").stdout
    assert made["id"] in listed
    assert made["key"] not in listed

    assert 0 == shell.run("keys", "revoke", made["id"]).returncode
    assert 1 == shell.run("keys", "revoke", made["id"]).returncode
    assert 2 == shell.run("keys", "create", "--name", "x", "--scopes", "everything").returncode
    assert 2 == shell.run("keys", "create", "--name", "x", "--scopes", "admin", "--expires-in", "soon").returncode


@pytest.mark.parametrize("where", [{}, {"MATRYOSHKA_REDIS_URL": ""}], ids=["ledger", "http"])
def test_a_slip_at_keys_create_makes_no_key(shell: Shell, where: dict[str, str]) -> None:
    """No time to live is not for ever, and an end that cannot be shown would break every list of keys from then on."""
    for slip in (["--expires-in", "0h"], ["--expires-in", "99999999999d"], ["--name", ""], ["--name", "x" * 81]):
        done = shell.run("keys", "create", "--name", "x", "--scopes", "jobs:read", *slip, **where)
        assert (2, "") == (done.returncode, done.stdout), slip
        assert "Traceback" not in done.stderr
    made = shell.json("keys", "create", "--name", "y", "--scopes", "jobs:read", **where)
    assert 2 == shell.run("keys", "rotate", made["id"], "--overlap", "99999999999d", **where).returncode
    assert made["id"] in [key["id"] for key in shell.json("keys", "list", **where)]


def test_keys_over_http(shell: Shell) -> None:
    """Without a ledger at hand keys are made, rotated, listed and revoked by the API, for whoever has the scope."""
    away = {"MATRYOSHKA_REDIS_URL": ""}
    made = shell.json("keys", "create", "--name", "portal", "--scopes", "jobs:read", "--expires-in", "90d", **away)
    rotated = shell.json("keys", "rotate", made["id"], "--overlap", "0h", **away)

    assert made["key"] != rotated["key"]
    assert 6 == shell.run("jobs", "list", MATRYOSHKA_API_KEY=made["key"]).returncode
    assert 0 == shell.run("jobs", "list", MATRYOSHKA_API_KEY=rotated["key"]).returncode
    assert made["id"] in [key["id"] for key in shell.json("keys", "list", **away)]
    assert 6 == shell.run("keys", "list", **away, MATRYOSHKA_API_KEY=rotated["key"]).returncode
    assert 0 == shell.run("keys", "revoke", made["id"], **away).returncode
    assert made["id"] not in [key["id"] for key in shell.json("keys", "list", **away)]


def test_sealing_key_is_written_once(tmp_path: Path) -> None:
    """The private key is for its owner's eyes, and is never overwritten."""
    argv = [sys.executable, "-m", "service.cli", "sealing-key", "create", "--directory", str(tmp_path / "keys")]
    first = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    key = tmp_path / "keys" / "sealing.key"

    assert 0 == first.returncode, first.stderr
    assert 0o600 == stat.S_IMODE(key.stat().st_mode)
    assert key.read_text().strip() not in first.stdout
    before = key.read_text()
    assert 1 == subprocess.run(argv, cwd=ROOT, capture_output=True, check=False).returncode
    assert before == key.read_text()


def test_openapi_is_printed() -> None:
    """The document can be had without any setting."""
    argv = [sys.executable, "-m", "service.cli", "openapi"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout == (ROOT / "openapi.yaml").read_text()


def test_password_is_never_an_argument(shell: Shell) -> None:
    """The password comes from a prompt, the environment, a file or a reference."""
    assert "--password " not in shell.run("hosts", "register", "--help").stdout
    refused = shell.run("hosts", "register", "--name", "x", "--address", "a", "--username", "u", "--password", "p")
    assert 2 == refused.returncode


def test_a_ledger_that_is_away_is_told_in_a_line(shell: Shell) -> None:
    """An operator's verb without a server ends with 1 and one line that names the setting, no trace and no address."""
    for arguments in (("keys", "list"), ("secrets", "status")):
        done = shell.run(*arguments, MATRYOSHKA_REDIS_URL="redis://:Canary-1@127.0.0.1:1/0")

        assert (1, "") == (done.returncode, done.stdout)
        assert "MATRYOSHKA_REDIS_URL" in done.stderr
        assert 1 == len(done.stderr.splitlines())
        assert "Canary" not in done.stderr


def test_jobs_are_steered(shell: Shell) -> None:
    """A job is approved, moved, paused and let go on, and its host's locks are shown."""
    environ = {"MATRYOSHKA_URL": shell.served.url, "MATRYOSHKA_API_KEY": shell.served.key}

    def told(*arguments: str) -> str:
        done = CliRunner().invoke(matryoshka, ("-o", "json", *arguments), env=environ, catch_exceptions=False)
        assert 0 == done.exit_code, done.output
        return done.output

    body = cluster(approval={"required": True}, not_before="2027-01-01T00:00:00Z")
    job = json.loads(told("jobs", "submit", shell.file(body)))["id"]
    assert "scheduled" == json.loads(told("jobs", "approve", job, "--reason", "go"))["state"]
    moved = json.loads(told("jobs", "amend", job, "--not-before", "now", "--label", "team=red"))
    assert ("waiting_approval", {"team": "red"}) == (moved["state"], moved["labels"])
    assert "queued" == json.loads(told("jobs", "approve", job))["state"]
    assert "paused" == json.loads(told("jobs", "pause", job))["state"]
    shown = told("-o", "table", "hosts", "locks")
    assert "targets: 5" in shown
    assert "waiting: 0" in shown
    assert "queued" == json.loads(told("jobs", "resume", job))["state"]
    told("jobs", "cancel", job)
    edited = json.loads(told("jobs", "retry", job, "--changes", shell.file({"deadline_seconds": 600})))
    assert ("waiting_approval", 600) == (edited["state"], edited["request"]["deadline_seconds"])
    assert "approval_rejected" == json.loads(told("jobs", "reject", job, "--reason", "no"))["error"]["code"]
