"""The log: one JSON object a line from everybody, with the ids that are known, and no secret in any of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from service.observing.logs import form_of, level_of
from tests.conftest import ROOT

_PROGRAM = """
import logging, os, structlog, warnings
from service.observing.logs import set_up_logging
from service.observing.tracing import span
from workers.secrets import Scrubber, SecretStr
known = Scrubber()
set_up_logging(os.environ, known.text)
known.add(SecretStr('P@ss "w<rd'))
structlog.contextvars.bind_contextvars(request_id="req_1", job_id="job_1", step_id="s", call_id="c#1")
with span("x", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
    structlog.get_logger("a").info("ours", text='x P@ss "w<rd y')
    logging.getLogger("celery").error("theirs %s", 'P@ss "w<rd')
    logging.getLogger("urllib3.connectionpool").warning("away", extra={"more": 'P@ss "w<rd'})
    try:
        raise ValueError('P@ss "w<rd')
    except ValueError:
        logging.getLogger("celery").exception("raised")
        structlog.get_logger("a").exception("raised by us")
    warnings.warn("old", DeprecationWarning)
    structlog.get_logger("a").debug("detail")
"""


def _run(**environ: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONWARNINGS": "default", **environ}
    argv = [sys.executable, "-c", _PROGRAM]
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)


def test_every_line_is_json_has_the_ids_and_is_scrubbed() -> None:
    """Our own events, libraries' lines, tracebacks and warnings show all ids, and no secret that the process opened."""
    done = _run()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    names = ("request_id", "trace_id", "job_id", "step_id", "call_id")

    assert ["ours", "theirs [secret]", "away", "raised", "raised by us"] == [line["event"] for line in lines[:5]]
    assert "x [secret] y" == lines[0]["text"]
    assert "[secret]" == lines[2]["more"]
    assert all("ValueError: [secret]" in line["exception"] for line in lines[3:5])
    assert "DeprecationWarning" in lines[5]["event"]
    assert {("req_1", "0af7651916cd43dd8448eb211c80319c", "job_1", "s", "c#1")} == {
        tuple(line[name] for name in names) for line in lines
    }
    assert 1 == len({line["span_id"] for line in lines})
    assert all({"timestamp", "level"} <= set(line) for line in lines)
    assert ("celery", "urllib3.connectionpool") == (lines[1]["logger"], lines[2]["logger"])
    assert 6 == len(lines)
    assert "P@ss" not in done.stdout + done.stderr


def test_a_person_gets_lines_and_a_level() -> None:
    """MATRYOSHKA_LOG=console writes lines for people, scrubbed too; MATRYOSHKA_LOG_LEVEL=debug shows more."""
    done = _run(MATRYOSHKA_LOG="console", MATRYOSHKA_LOG_LEVEL="debug")

    assert "{" != done.stdout[0]
    assert "request_id=req_1" in done.stdout
    assert "detail" in done.stdout
    assert "P@ss" not in done.stdout + done.stderr


def test_forms() -> None:
    """JSON where nobody watches, lines on a terminal; the variable goes before both, and must be one that we know."""
    assert "json" == form_of({}, is_terminal=False)
    assert "console" == form_of({}, is_terminal=True)
    assert "json" == form_of({"MATRYOSHKA_LOG": "JSON"}, is_terminal=True)
    with pytest.raises(ValueError, match="MATRYOSHKA_LOG"):
        form_of({"MATRYOSHKA_LOG": "xml"}, is_terminal=False)


@pytest.mark.parametrize(("text", "level"), [("", 20), ("DEBUG", 10), ("warning", 30), ("loud", 20)])
def test_levels(text: str, level: int) -> None:
    """INFO unless the variable names another level."""
    assert level == level_of({"MATRYOSHKA_LOG_LEVEL": text})
