"""`python -m tests.clients [LANGUAGE ...]`: generate each client, run it against one local stack, check what it saw.

Ends with 1 when a client failed. A language whose tools are not on this machine is named and left out.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.stack import Stack, StackSettings
from tests.clients.toolchains import BUILD, CLIENTS, ToolFailed, run

_CLOCK = 100.0
_WEBHOOK = "job.succeeded"


def main(wanted: Sequence[str]) -> int:
    """Return the exit code."""
    unknown = [name for name in wanted if name not in CLIENTS]
    if unknown:
        print(f"no such client: {', '.join(unknown)}; there are {', '.join(CLIENTS)}", file=sys.stderr)
        return 2
    results: dict[str, bool] = {}
    ready: dict[str, Sequence[str]] = {}
    for name in wanted or CLIENTS:
        missing = CLIENTS[name].missing()
        if missing:
            print(f"{name}: left out, this machine has no {', '.join(missing)}")
        elif not _try(results, name, "made", lambda name=name: ready.update({name: _prepare(name)})):
            continue
    if ready:
        _run_all(ready, results)
    print(f"{sum(results.values())} passed, {sum(not ok for ok in results.values())} failed")
    return 0 if all(results.values()) else 1


def _prepare(name: str) -> Sequence[str]:
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    return CLIENTS[name].prepare(folder)


def _run_all(ready: Mapping[str, Sequence[str]], results: dict[str, bool]) -> None:
    with Stack(StackSettings(directory=BUILD / "run", clock=_CLOCK)) as stack:
        environment = {**os.environ, "MATRYOSHKA_URL": stack.url, "MATRYOSHKA_API_KEY": stack.api_key}
        for name, argv in ready.items():
            _try(results, name, "ran", lambda name=name, argv=argv: _check(name, run(argv, BUILD / name, environment)))


def _try(results: dict[str, bool], name: str, what: str, act: Callable[[], object]) -> bool:
    began = time.monotonic()
    try:
        act()
    except (ToolFailed, AssertionError) as error:
        print(f"{name}: failed\n{error}", file=sys.stderr)
        results[name] = False
        return False
    print(f"{name}: {what} in {time.monotonic() - began:.1f} s", flush=True)
    results[name] = True
    return True


def _check(name: str, output: str) -> None:
    """Look at what a client printed last; raises AssertionError when it saw something else than the API promises."""
    if name == "curl":
        assert '"succeeded"' in output, output
        assert f"event: {_WEBHOOK}" in output, output
        return
    seen = json.loads(output.strip().splitlines()[-1])
    assert seen["state"] == "succeeded", output
    assert seen["computer_name"] == "HV01", output
    assert seen["webhook_type"] == _WEBHOOK, output
    assert seen["webhook_job_id"] == seen["job_id"], output


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[2])
    sys.exit(main(sys.argv[1:]))
