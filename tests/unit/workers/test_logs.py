"""The worker's log: one JSON object a line, and no secret in any of them."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import ROOT

_PROGRAM = """
import logging, structlog
from workers.logs import set_up_logging
from workers.secrets import Scrubber, SecretStr
known = Scrubber()
set_up_logging(scrub=known.text)
known.add(SecretStr('P@ss "w<rd'))
structlog.get_logger("a").info("ours", text='x P@ss "w<rd y')
logging.getLogger("celery").error("theirs %s", 'P@ss "w<rd')
try:
    raise ValueError('P@ss "w<rd')
except ValueError:
    logging.getLogger("celery").exception("raised")
    structlog.get_logger("a").exception("raised by us")
"""


def test_every_line_is_scrubbed() -> None:
    """Our own events, Celery's lines and tracebacks show a secret that the process opened in no form."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]

    assert ["ours", "theirs [secret]", "raised", "raised by us"] == [line["event"] for line in lines]
    assert "x [secret] y" == lines[0]["text"]
    assert all("ValueError: [secret]" in line["exception"] for line in lines[2:])
    assert "P@ss" not in done.stdout + done.stderr
