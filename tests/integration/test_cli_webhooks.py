"""`matryoshka webhooks listen` receives, verifies and prints what the sender of the workers sends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.integration.api_kit import ROOT
from tests.integration.test_webhooks import _SECRET, _claim, _sender


@contextmanager
def _listening(*arguments: str, keys: str = _SECRET) -> Iterator[tuple[subprocess.Popen[str], str]]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "MATRYOSHKA_WEBHOOK_KEYS": keys}
    argv = [sys.executable, "-m", "service.cli", "webhooks", "listen", *arguments]
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+", process.stderr.readline())
            assert found is not None
            yield process, found[0]
        finally:
            process.kill()


def test_verified_webhooks_are_printed_and_others_refused() -> None:
    """A forged request is answered 401 and told; a signed one is one JSON line, and ends a count of one."""
    with _listening("--count", "1") as (process, url):
        forged = requests.post(url, data=b"{}", headers={"webhook-id": "x"}, timeout=10)
        sent = _sender().send(_claim(url))
        out, told = process.communicate(timeout=60)

    assert (401, True, 204) == (forged.status_code, sent.succeeded, sent.status)
    line = json.loads(out)
    assert ("wd_1", "job.succeeded") == (line["id"], line["body"]["type"])
    assert "not verified" in told
    assert 0 == process.returncode


def test_without_a_key_it_does_not_start() -> None:
    """No key, or one of another form, is told before anything is received."""
    for keys in ("", "password"):
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "MATRYOSHKA_WEBHOOK_KEYS": keys}
        argv = [sys.executable, "-m", "service.cli", "webhooks", "listen"]
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert (1, True) == (done.returncode, "MATRYOSHKA_WEBHOOK_KEYS" in done.stderr)
