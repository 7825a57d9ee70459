"""`matryoshka watch` in a real terminal, beside a whole running service: bars, a cut connection, the exit code."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.e2e.browsing import Way
from tests.e2e.driver import Driver
from tests.terminal_kit import terminal


def _environ(driver: Driver, url: str, folder: Path) -> dict[str, str]:
    ours = {"MATRYOSHKA_URL": url, "MATRYOSHKA_API_KEY": driver.stack.api_key, "XDG_CONFIG_HOME": str(folder)}
    return {**os.environ, **ours}


def test_a_cluster_is_watched_through_a_cut(driver: Driver, tmp_path: Path) -> None:
    """Each node has its bar with the step that runs; a cut connection is told and resumed; the end is the job's."""
    body = driver.cluster(2, smoke_test={"enabled": False})
    first, second = (f"{body['nodes']['name_prefix']}-{number}" for number in (1, 2))
    file = tmp_path / "request.json"
    file.write_text(json.dumps(body))
    with Way(driver.stack.url) as way:
        environ = _environ(driver, way.url, tmp_path)
        with terminal(environ, "submit", str(file), "--watch") as seen:

            def bar(node: str) -> str:
                return next((line for line in seen.lines if line.startswith(f"{node} ")), "")

            seen.until(lambda: "%" in bar(first) and "%" in bar(second), "both bars")
            seen.until(lambda: not bar(first).endswith("waiting"), "a step on the first node")
            assert max(map(len, seen.lines)) <= 80
            way.cut()
            seen.until(lambda: "connection lost" in seen.text, "the loss to be told")
            way.mend()
            seen.until(lambda: "connected again" in seen.text, "the connection")
            code = seen.end(120)

    job_id = seen.lines[-1].split()[0]
    assert (0, f"{job_id} succeeded") == (code, seen.lines[-1])
    assert [] == [line for line in seen.lines if line.startswith((first, second))]
    assert seen.has_colours
    assert b"\x1b[?25h" in seen.raw[-200:]
    # Of what the service told nothing is missing and nothing is there twice.
    told = [event["type"] for event in driver.events(job_id) if event["type"].startswith("job.")]
    shown = [word for line in seen.text.splitlines() for word in line.split() if word in told]
    assert told == shown


def test_interrupting_leaves_the_job_alone(driver: Driver, tmp_path: Path) -> None:
    """Ctrl-C ends the watching with 130 and gives the cursor back; the job goes on, and can be watched to its end."""
    job_id = driver.submit(driver.cluster(2, smoke_test={"enabled": False}))
    # Held between two steps, or it might end before the key is struck.
    assert driver.stack.call("POST", f"/v1/jobs/{job_id}:pause", json={}).ok
    environ = _environ(driver, driver.stack.url, tmp_path)
    with terminal({**environ, "NO_COLOR": "1"}, "watch", job_id) as seen:
        seen.until(lambda: any("%" in line for line in seen.lines), "a bar")
        seen.process.sendintr()
        assert 130 == seen.end()
    assert "interrupted" in seen.text
    assert not seen.has_colours
    assert b"\x1b[?25h" in seen.raw

    assert driver.job(job_id)["state"] in {"queued", "running", "paused"}
    driver.stack.call("POST", f"/v1/jobs/{job_id}:cancel", json={})
    with terminal(environ, "watch", job_id) as again:
        assert 4 == again.end(60)
    assert f"{job_id} cancelled" in again.text
