"""The container's health check asks the API whether it can do its work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.integration.api_kit import ROOT, served_api


def _probe(bind: str) -> int:
    environ = {"MATRYOSHKA_BIND": bind}
    return subprocess.run([sys.executable, str(ROOT / "deploy" / "probe.py")], env=environ, check=False).returncode


def test_probe_follows_readiness(redis_url: str, tmp_path: Path) -> None:
    """It is 0 while `/readyz` answers 200, and 1 when nothing answers."""
    with served_api(redis_url, tmp_path) as api:
        bind = api.url.removeprefix("http://")
        assert _probe(bind.replace("127.0.0.1", "0.0.0.0")) == 0
    assert _probe(bind) == 1
