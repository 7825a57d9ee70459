"""What intake is compared with: a bare Flask POST, and the least that a job API can do.

The floor handler does Flask, the same marshmallow load, and one Lua move: the same submission script with a plan that
was made before. It knows no key, no host, no secret, and wakes nobody.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask, request

from schemas.job import JobRequestSchema
from service.ledger.ids import new_id
from service.ledger.plan import PlanContext
from service.ledger.plans import build_plan
from service.ledger.store import Store, StoreSettings, Submission

_numbers = itertools.count()


def create_floor() -> Flask:
    """Return the app with `/bare` and `/floor`."""
    app = Flask("floor")
    store = Store.open(os.environ["MATRYOSHKA_REDIS_URL"], StoreSettings(namespace="floor"))
    schema = JobRequestSchema()
    loaded = schema.loads(Path(os.environ["BENCH_REQUEST"]).read_text())
    plan = build_plan(loaded["kind"], loaded, PlanContext(lab_id="lab_floor"))
    template = Submission(kind=loaded["kind"], request=loaded, plan=plan)

    @app.post("/bare")
    def bare() -> tuple[str, int]:
        return "", 204

    @app.post("/floor")
    def floor() -> tuple[dict[str, Any], int]:
        body = schema.load(request.get_json())
        job_id = new_id("job", next(_numbers))
        result = store.jobs.submit(replace(template, request=body), job_id)
        return {"id": job_id, "outcome": str(result.outcome)}, 202

    app.extensions["process"] = _Idle()
    return app


class _Idle:
    """Stands where the real app keeps its threads: gunicorn's configuration asks for them."""

    class context:  # noqa: N801
        """As in service.app."""

        class gate:  # noqa: N801
            """As in service.app."""

            @staticmethod
            def close() -> None:
                """Nothing to end."""

    @staticmethod
    def stop() -> None:
        """Nothing to stop."""
