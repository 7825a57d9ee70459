"""The code of docs/integration.md that needs no other tool: it runs, and does what the page says of it."""

from __future__ import annotations

import asyncio
import re
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml
from flask import Flask

from service.api.registration import register_views
from tests.clients.page import PAGE, blocks
from tests.clients.toolchains import CLIENTS

BLOCKS = blocks(PAGE.read_text(encoding="utf-8"))
JOB = {"id": "job_1", "state": "succeeded", "error": None, "result": {"facts": {}}, "lab_id": "lab_1"}


class FakeSession:
    """Stands for requests.Session: answers what was prepared, remembers what was asked."""

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self._answers = list(answers)

    def request(self, method: str, url: str, **options: Any) -> SimpleNamespace:
        """Answer the next one."""
        self.asked.append((method, url, options))
        status, body = self._answers.pop(0)
        return SimpleNamespace(ok=status < 400, json=lambda: body)


def _module(name: str, **known: ModuleType) -> ModuleType:
    """Run a block of the page as a module; it finds `known` where it imports."""
    made = ModuleType(name)
    before = {one: sys.modules.get(one) for one in known}
    sys.modules.update(known)
    try:
        exec(compile(BLOCKS[f"{name}.py"], f"{PAGE.name}:{name}.py", "exec"), made.__dict__)  # noqa: S102 - our page
    finally:
        for one, module in before.items():
            if module is None:
                del sys.modules[one]
            else:
                sys.modules[one] = module
    return made


def _jobs(*answers: tuple[int, dict[str, Any]]) -> tuple[ModuleType, FakeSession]:
    session = FakeSession(*answers)
    module = _module("matryoshka_jobs", requests=_fake("requests", Session=lambda: session))
    return module, session


def _fake(name: str, **members: Any) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(members)
    return module


def test_every_block_of_code_is_run_somewhere() -> None:
    """Each block names its file, and each file is one that a test or `make clients` runs."""
    text = PAGE.read_text(encoding="utf-8")
    unnamed = [line for line in re.findall(r"^```(.+)$", text, re.MULTILINE) if len(line.split()) != 2]
    here = {"matryoshka_jobs.py", "matryoshka_airflow.py", "lab_dag.py", "slack-app.yaml"}
    made = {"submit.sh", "submit_job.py", "read_webhook.py", "submit.ts", "webhook.ts"}

    assert [] == unnamed
    assert here | made == BLOCKS.keys()
    assert {"curl", "python", "typescript", "go", "java"} == CLIENTS.keys()


def test_a_job_is_submitted_once_and_waited_for() -> None:
    """The plain client sends key and Idempotency-Key, and asks again until the job is final."""
    module, session = _jobs((202, JOB | {"state": "queued"}), (200, JOB | {"state": "paused"}), (200, JOB))
    service = module.Matryoshka("https://m.example/", "mk_1")

    job = service.submit({"kind": "inspect_host"}, "key-1")
    assert JOB == service.wait(job["id"])
    assert "Bearer mk_1" == session.headers["Authorization"]
    assert [("POST", "https://m.example/v1/jobs"), ("GET", "https://m.example/v1/jobs/job_1")] == [
        asked[:2] for asked in session.asked[:2]
    ]
    assert {"Idempotency-Key": "key-1"} == session.asked[0][2]["headers"]


def test_a_refusal_is_told_by_its_code() -> None:
    """A problem answer becomes an error with its code and detail."""
    module, _ = _jobs((409, {"code": "target_busy", "detail": "An unfinished job works on it."}))

    with pytest.raises(RuntimeError, match="target_busy: An unfinished job"):
        module.Matryoshka("https://m.example", "mk_1").cancel("job_1")


class Deferred(Exception):
    """What Airflow raises when a task is deferred."""


class FakeOperator:
    """The parts of Airflow's BaseOperator that the page uses."""

    def __init__(self, **options: Any) -> None:
        self.task_id = options["task_id"]

    def defer(self, *, trigger: Any, method_name: str) -> None:
        """End the run here, as Airflow does."""
        raise Deferred(trigger, method_name)


def _airflow(session: FakeSession) -> ModuleType:
    hook = SimpleNamespace(get_connection=lambda name: SimpleNamespace(host="https://m.example", password="mk_1"))
    sdk = _fake("airflow.sdk", BaseHook=hook, BaseOperator=FakeOperator)
    base = _fake("airflow.triggers.base", BaseTrigger=type("BaseTrigger", (), {}), TriggerEvent=SimpleNamespace)
    base.__dict__["TriggerEvent"] = lambda payload: SimpleNamespace(payload=payload)
    jobs = _module("matryoshka_jobs", requests=_fake("requests", Session=lambda: session))
    names = {"airflow": _fake("airflow"), "airflow.triggers": _fake("airflow.triggers")}
    return _module(
        "matryoshka_airflow", **names, **{"airflow.sdk": sdk, "airflow.triggers.base": base}, matryoshka_jobs=jobs
    )


async def _first(events: Any) -> Any:
    async for event in events:
        return event.payload
    return None


def test_the_airflow_task_defers_and_returns_the_result() -> None:
    """The operator submits with a key of this try, waits in the trigger, and returns the result."""
    session = FakeSession((202, JOB | {"state": "queued"}), (200, JOB))
    operator = _airflow(session).MatryoshkaJob(task_id="build", request={"kind": "inspect_host"})
    task = SimpleNamespace(dag_id="d", task_id="build", run_id="r", map_index=-1, try_number=2)

    with pytest.raises(Deferred) as deferred:
        operator.execute({"ti": task})
    trigger, method = deferred.value.args
    path, kept = trigger.serialize()
    event = asyncio.run(_first(trigger.run()))

    assert "d.build.r.-1.2" == session.asked[0][2]["headers"]["Idempotency-Key"]
    assert ("matryoshka_airflow.JobEnded", {"connection_id": "matryoshka", "job_id": "job_1"}) == (path, kept)
    assert {"job_id": "job_1", "lab_id": "lab_1", "result": {"facts": {}}} == getattr(operator, method)({}, event)


def test_the_airflow_task_fails_with_the_job() -> None:
    """A job that did not succeed fails the task, with the reason."""
    operator = _airflow(FakeSession()).MatryoshkaJob(task_id="build", request={})
    event = JOB | {"state": "failed", "error": {"detail": "The host refused."}}

    with pytest.raises(RuntimeError, match="job_1 failed: The host refused"):
        operator.finish({}, event)


def test_the_dag_makes_its_task() -> None:
    """The DAG file runs, and holds one task."""
    made: list[str] = []
    operator = _fake("matryoshka_airflow", MatryoshkaJob=lambda **options: made.append(options["task_id"]))
    sdk = _fake("airflow.sdk", dag=lambda **_options: lambda build: build)
    _module("lab_dag", airflow=_fake("airflow"), matryoshka_airflow=operator, **{"airflow.sdk": sdk})

    assert ["inspect"] == made


def test_the_slack_manifest_names_our_routes() -> None:
    """The addresses of the Slack manifest are routes of the API."""
    manifest = yaml.safe_load(BLOCKS["slack-app.yaml"])
    urls = [manifest["features"]["slash_commands"][0]["url"], manifest["settings"]["interactivity"]["request_url"]]
    app = Flask("page", static_folder=None)
    register_views(app)
    routes = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1/chat/slack")}

    # An installation may be built without chat; where it is there, the manifest must fit.
    assert not routes or {url.removeprefix("https://matryoshka.example") for url in urls} <= routes
