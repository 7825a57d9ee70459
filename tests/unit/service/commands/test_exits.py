"""Exit codes: each has one meaning, and each fault ends with its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from service.cli import main
from service.commands.exits import FINAL_STATES, MEANINGS, Exit, exit_of_job
from tests.unit.service.commands.kit import EXAMPLES, ROOT, Service, answer, problem, run

JOB = EXAMPLES["Job"]
PATH = f"GET /v1/jobs/{JOB['id']}"
SHOW = ("jobs", "show", JOB["id"])


def test_each_code_has_a_meaning() -> None:
    """All codes are told apart and explained."""
    assert set(Exit) == set(MEANINGS)
    assert len(Exit) == len({int(code) for code in Exit})


def test_the_page_tells_the_codes() -> None:
    """docs/cli.md has exactly the codes of the program, with their meanings."""
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.*?) \|$", text, re.MULTILINE)

    assert [(str(int(code)), meaning) for code, meaning in MEANINGS.items()] == rows


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (JOB, Exit.OK),
        (problem(404, "not_found", "There is no such job."), Exit.REFUSED),
        (problem(401, "unauthorized", "The key is not known."), Exit.REFUSED),
        (problem(503, "ledger_unreachable", "The ledger is away."), Exit.SERVER_ERROR),
        (answer(502, b"<html>Bad gateway</html>"), Exit.SERVER_ERROR),
        (answer(404, b"<html>Not here</html>"), Exit.SERVER_ERROR),
        (answer(200, b"<html>Hello</html>"), Exit.SERVER_ERROR),
        (answer(302, None, Location="https://elsewhere.example/"), Exit.SERVER_ERROR),
        (requests.ConnectionError("refused"), Exit.UNREACHABLE),
        (requests.exceptions.SSLError("unknown authority"), Exit.UNREACHABLE),
        (requests.exceptions.ConnectTimeout("slow"), Exit.UNREACHABLE),
        (requests.exceptions.ReadTimeout("slow"), Exit.UNREACHABLE),
        (requests.exceptions.InvalidURL("x"), Exit.UNREACHABLE),
    ],
)
def test_faults_of_a_reading_verb(found: object, code: Exit) -> None:
    """What goes wrong while something is read has the code of its kind, one line of text and no trace."""
    done = run(Service({PATH: found}), *SHOW)

    assert code == done.exit_code, done.output
    assert "Traceback" not in done.output
    assert bool(code) == bool(done.stderr)


def test_a_lost_answer_of_a_change_is_unclear() -> None:
    """A change whose answer is lost may have been done: that is neither done nor not done."""
    service = Service({f"POST /v1/jobs/{JOB['id']}:cancel": requests.exceptions.ReadTimeout("slow")})

    assert Exit.UNCLEAR == run(service, "jobs", "cancel", JOB["id"]).exit_code


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_a_job_that_was_waited_for_gives_its_code(state: str) -> None:
    """--wait ends with the code of the job's last state."""
    service = Service({f"POST /v1/jobs/{JOB['id']}:resume": JOB, PATH: {**JOB, "state": state}})

    assert exit_of_job(state) == run(service, "jobs", "resume", JOB["id"], "--wait").exit_code


def test_bad_usage() -> None:
    """What cannot be understood is 2: a verb, an option, a missing key, a variable."""
    nothing = Service()
    assert {Exit.USAGE} == {
        run(nothing, "fly").exit_code,
        run(nothing, "jobs", "list", "--colour").exit_code,
        run(nothing, "jobs", "list", MATRYOSHKA_API_KEY="").exit_code,
        run(nothing, "jobs", "list", MATRYOSHKA_OUTPUT="xml").exit_code,
        run(nothing, "submit", "/nowhere.json").exit_code,
        run(nothing, "jobs", "list", "--profile", "nobody").exit_code,
    }


def test_a_refused_plan_is_refused() -> None:
    """A plan that the rules forbid is shown, and its code says so."""
    done = run(Service({"POST /v1/jobs:plan": {**EXAMPLES["Plan"], "refused": True}}), "plan", "inspect-host")

    assert Exit.REFUSED == done.exit_code
    assert "ONE_NAT" in done.stdout


def test_waiting_passes_over_what_passes() -> None:
    """A service that restarts or has too many callers is asked again; a refusal for good ends the waiting."""
    made, busy = f"POST /v1/jobs/{JOB['id']}:resume", problem(429, "rate_limited", "Slow down.")
    service = Service({made: JOB, PATH: [busy, answer(503, b""), requests.ConnectionError("away"), JOB]})
    gone = Service({made: JOB, PATH: problem(401, "unauthorized", "The key is not known.")})

    assert Exit.OK == run(service, "jobs", "resume", JOB["id"], "--wait").exit_code
    assert 5 == len(service.asked)
    assert Exit.REFUSED == run(gone, "jobs", "resume", JOB["id"], "--wait").exit_code


def test_a_timeout_leaves_the_job_alone() -> None:
    """--timeout ends with its own code while the job goes on."""
    running = {**JOB, "state": "running"}
    service = Service({f"POST /v1/jobs/{JOB['id']}:resume": running, PATH: running})
    done = run(service, "jobs", "resume", JOB["id"], "--wait", "--timeout", "0")

    assert Exit.TIMED_OUT == done.exit_code
    assert "goes on" in done.stderr


def test_a_file_that_cannot_be_written_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever verb meets it: no traceback, the file's name, and the code for something wrong on this machine."""
    nowhere = tmp_path / "nowhere" / "key"
    with pytest.raises(SystemExit) as caught:
        main(["keys", "make-hash-key", str(nowhere)])

    assert Exit.ERROR == caught.value.code
    assert f"Error: {nowhere}: No such file or directory\n" == capsys.readouterr().err


@pytest.mark.parametrize("how", ["--wait", "--watch"])
def test_who_stops_waiting_is_told_the_job(how: str) -> None:
    """Ctrl-C leaves the job alone; its id, which a submission has not shown yet, is told on standard error."""
    service = Service({"POST /v1/jobs": JOB, PATH: KeyboardInterrupt(), f"{PATH}/events": KeyboardInterrupt()})
    done = run(service, "submit", "inspect-host", "--host", "hv1", how)

    assert f"{JOB['id']} goes on. See `matryoshka watch {JOB['id']}`." in done.stderr
    assert "" == done.stdout
