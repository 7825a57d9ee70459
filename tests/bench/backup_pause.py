"""How long a backup holds the server up, by the number of jobs: `python -m tests.bench.backup_pause 1000 10000`.

Each job is a finished build of one node with its steps, facts and events. Prints one line of JSON a number.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service.ledger.backup import Header, write_backup
from service.ledger.plan import Plan, Step
from service.ledger.store import StepResult, Store, StoreSettings, Submission, connect
from tests.server_kit import DURABLE, Server, running

STEPS = 20
_FACT = {"text": "x" * 200}


def _fill(store: Store, jobs: int) -> None:
    steps = tuple(Step(id=f"step-{n}", action="Nothing", title=f"Step {n}") for n in range(STEPS))
    submission = Submission(kind="inspect_host", request={"kind": "inspect_host"}, plan=Plan("inspect_host", steps))

    def one(_: int) -> None:
        store.jobs.submit(submission)
        while claim := store.leases.claim("bench", 60):
            store.leases.finish(claim, StepResult("succeeded", facts={claim.step_id: _FACT}))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(jobs)))


def _measure(jobs: int, place: Path) -> dict[str, object]:
    config = {**DURABLE, "appendfsync": "no"}  # only to fill it faster: a backup writes nothing there
    with running(Server(place / str(jobs), config)) as (server,):
        url = f"redis://127.0.0.1:{server.port}/0"
        store, raw = Store.open(url, StoreSettings()), connect(url, decode_responses=False, socket_timeout=600)
        _fill(store, jobs)
        begun = time.perf_counter()
        taken = store.snapshots(raw).take()
        held = time.perf_counter() - begun
        path = place / f"{jobs}.backup"
        write_backup(path, Header(1, "mk", taken.taken_at, len(taken.records), "bench"), taken.records)
        begun = time.perf_counter()
        store.snapshots(raw).put(taken, replace=True)
        restored = time.perf_counter() - begun
        memory = int(store.client.info("memory")["used_memory"])  # type: ignore[index]
        return {
            "jobs": jobs,
            "keys": len(taken.records),
            "server_mib": round(memory / 2**20),
            "file_mib": round(path.stat().st_size / 2**20, 1),
            "held_seconds": round(held, 3),
            "restore_seconds": round(restored, 3),
        }


def main() -> None:
    """Measure each number of jobs that was given."""
    with tempfile.TemporaryDirectory() as place:
        for jobs in map(int, sys.argv[1:] or ["1000"]):
            print(json.dumps(_measure(jobs, Path(place))), flush=True)


if __name__ == "__main__":
    main()
