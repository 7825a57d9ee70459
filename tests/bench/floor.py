"""What intake is compared with: a bare Flask POST, and the least that a job API can do.

The floor handler does Flask, the same marshmallow load, and one Lua move: the same submission to the same host, with a
plan of the same steps that was made before. It knows no key, no secret and no rule, and wakes nobody.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask, request

from schemas.job import request_schema
from service.ledger.ids import new_id
from service.ledger.known import plan_context
from service.ledger.plans import build_plan
from service.ledger.store import Outcome, Store, Submission
from service.ledger.targets import targets_of


def create_floor() -> Flask:
    """Return the app with `/bare` and `/floor`."""
    app = Flask("floor", static_folder=None)
    store = Store.open(os.environ["MATRYOSHKA_REDIS_URL"])
    template = _template(store)
    schema = request_schema({"kind": template.kind})

    @app.post("/bare")
    def bare() -> tuple[str, int]:
        return "", 204

    @app.post("/floor")
    def floor() -> tuple[dict[str, Any], int]:
        body = schema.load(request.get_json())
        now = time.time()
        submission = replace(template, request=body, lab_id=new_id("lab", now), targets=targets_of(body))
        result = store.jobs.submit(submission, new_id("job", now))
        if result.outcome is not Outcome.CREATED or result.job is None:
            return {"outcome": result.outcome}, 409
        return {"id": result.job.id}, 202

    app.extensions["process"] = _Idle()
    return app


def _template(store: Store) -> Submission:
    text = Path(os.environ["BENCH_REQUEST"]).read_text()
    body = request_schema({"kind": "nested_cluster"}).loads(text)
    host, image = store.hosts.list()[0], store.images.list()[0]
    plan = build_plan(body, plan_context("lab_floor", host, image))
    return Submission(
        kind=plan.kind,
        request=body,
        plan=plan,
        secrets={"guest_administrator": {"sealed": "x" * 120}},
        host_id=host.id,
        creates_lab=True,
        labels=body["labels"],
        tenant="key_floor",
        on_failure=body["on_failure"],
        on_cancel=body["on_cancel"],
        deadline_seconds=body["deadline_seconds"],
        lease_seconds=body["lease_seconds"],
        request_id="req_floor",
        lab_name=body["cluster"]["name"],
    )


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
    def serve_metrics(_listening: object) -> None:
        """Counts nothing."""

    @staticmethod
    def stop() -> None:
        """Nothing to stop."""
