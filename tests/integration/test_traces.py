"""One trace from the HTTP request to host and webhook: spans of a real API, ledger and worker against the sandbox."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from kombu import Connection
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.ledger.queue import STEPS_QUEUE
from service.ledger.reach import AddressRules, networks_of
from service.ledger.sealing import open_sealed
from service.observing.metrics import REGISTRY
from service.observing.tracing import record_with
from tests.integration.api_kit import Api, running_api
from tests.integration.sandbox_process import PASSWORD, SandboxProcess, running_sandbox
from tests.integration.webhook_receiver import Receiver, receiving
from tests.integration.worker_kit import Workshop, open_workshop
from workers.secrets import Keyring
from workers.webhooks import Sender, SendSettings

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
STATE = "vendor=t61rcWkgMzE,other@tenant=1"
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@dataclass
class Scene:
    """An API, a worker and a receiver on one ledger, and what was recorded of them."""

    api: Api
    shop: Workshop
    receiver: Receiver
    sandbox: SandboxProcess
    spans: InMemorySpanExporter

    def submit(self) -> str:
        """Ask for an inspection of the host, as a caller who has a trace."""
        callback = {"callback_url": self.receiver.url, "callback_secret": {"value": SECRET}}
        body = {"kind": "inspect_host", "host": {"id": self.shop.host_id}, **callback}
        return str(self.api.submitted(body, traceparent=f"00-{TRACE}-{CALLER}-01", tracestate=STATE)["id"])

    def message(self) -> str:
        """Take the wake-up that the submission put into the queue, and return its traceparent."""
        with Connection(self.shop.hands.settings.redis_url, transport_options={"ack_emulation": False}) as connection:
            message: Any = connection.default_channel.basic_get(STEPS_QUEUE, no_ack=True)
        return str(message.headers["traceparent"])

    def named(self, name: str) -> list[ReadableSpan]:
        """Return the finished spans whose names begin so."""
        return [one for one in self.spans.get_finished_spans() if one.name.startswith(name)]


@pytest.fixture
def scene(redis_url: str) -> Iterator[Scene]:
    """The whole way, in this process."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    loopback = {"MATRYOSHKA_WEBHOOK_NETWORKS": "127.0.0.0/8,127.0.0.1/32,::1/128"}
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox(clock=100.0))
        shop = stack.enter_context(open_workshop(redis_url, sandbox))
        receiver = stack.enter_context(receiving())
        api = stack.enter_context(
            running_api(redis_url, MATRYOSHKA_NAMESPACE="t", MATRYOSHKA_PUBLIC_KEY=shop.public_key, **loopback)
        )
        keyring = Keyring(lambda box: open_sealed(shop.private_key, box))
        rules = AddressRules(networks_of(loopback["MATRYOSHKA_WEBHOOK_NETWORKS"]))
        shop.hands.sender = Sender(keyring, SendSettings(rules))
        record_with(provider)
        stack.callback(record_with, None)
        yield Scene(api, shop, receiver, sandbox, exporter)


def _ids(span: ReadableSpan) -> tuple[str, str]:
    """Return the span's own id and its parent's, as W3C writes them."""
    return f"{span.context.span_id:016x}", f"{span.parent.span_id:016x}" if span.parent else ""


def _links(span: ReadableSpan) -> set[str]:
    return {f"{link.context.span_id:016x}" for link in span.links}


def test_one_trace_from_the_request_to_host_and_webhook(scene: Scene) -> None:
    """Request, submission, wake-up, step, PSRP calls and webhook are one trace, each below the span that caused it."""
    job_id = scene.submit()
    message = scene.message()
    scene.shop.hands.work(message)
    scene.shop.hands.deliver()
    assert "succeeded" == scene.shop.state(job_id)

    request = next(one for one in scene.named("POST /v1/jobs"))
    wake_up = scene.named("wake-up")[0]
    steps, calls, deliveries = scene.named("step "), scene.named("psrp "), scene.named("deliver ")
    assert {TRACE} == {f"{one.context.trace_id:032x}" for one in (request, wake_up, *steps, *calls, *deliveries)}
    here, above = _ids(request)
    assert CALLER == above
    assert {here} == {_ids(one)[1] for one in (wake_up, *steps, *deliveries)}
    assert message == f"00-{TRACE}-{here}-01"
    assert {here, _ids(wake_up)[0]} == _links(steps[0])
    assert calls
    assert {_ids(one)[0] for one in steps} >= {_ids(one)[1] for one in calls}
    assert {STATE} == {headers["tracestate"] for _, headers, _ in scene.receiver.got}
    assert {STATE} == {one.context.trace_state.to_header() for one in (request, steps[0], deliveries[0])}
    # The receiver is told the span of the try that reached it.
    assert {_ids(one)[0] for one in deliveries} == {
        headers["traceparent"].split("-")[2] for _, headers, _ in scene.receiver.got
    }


def test_spans_say_what_where_and_how_it_ended(scene: Scene) -> None:
    """Ids, action, host, fence, function and outcome are attributes; no parameter, name or secret is anywhere."""
    job_id = scene.submit()
    scene.shop.hands.work()
    scene.shop.hands.deliver()
    step, call, sent = scene.named("step ")[0], scene.named("psrp ")[0], scene.named("deliver ")[0]

    known = {
        "matryoshka.job_id": job_id,
        "matryoshka.host_id": scene.shop.host_id,
        "matryoshka.fence": 1,
        "matryoshka.attempt": 1,
        "matryoshka.outcome": "succeeded",
    }
    assert known.items() <= dict(step.attributes or {}).items()
    submission = dict(scene.named("POST /v1/jobs")[0].attributes or {})
    shared = {"matryoshka.job_id", "matryoshka.host_id"}
    assert {name: known[name] for name in shared} == {name: submission[name] for name in shared}
    assert ("created", 1) == (submission["matryoshka.outcome"], submission["matryoshka.submissions"])
    assert 0 < submission["matryoshka.ledger_milliseconds"] < 60_000
    assert f"step {(step.attributes or {})['matryoshka.action']}" == step.name
    assert f"psrp {(call.attributes or {})['matryoshka.function']}" == call.name
    sent_well = {"matryoshka.outcome": "succeeded", "http.response.status_code": 200}
    assert sent_well.items() <= dict(sent.attributes or {}).items()
    assert [] == scene.named("wake-up")  # a sweep's wake-up belongs to no request
    text = "".join(one.to_json() for one in scene.spans.get_finished_spans())
    assert PASSWORD not in text
    assert SECRET not in text
    assert scene.receiver.url not in text


def test_the_span_of_a_batch_tells_how_many_reached_the_ledger(scene: Scene) -> None:
    """Its job is the last one's; what was refused before is not counted."""
    one = {"job": {"kind": "inspect_host", "host": {"id": scene.shop.host_id}}}
    items = scene.api.call("POST", "/v1/jobs:batch", {"items": [one, one, {"job": {}}]}).get_json()["items"]

    told = dict(scene.named("POST /v1/jobs:batch")[0].attributes or {})
    assert 2 == told["matryoshka.submissions"]
    assert items[1]["job"]["id"] == told["matryoshka.job_id"]


def _count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"matryoshka_{name}", labels) or 0.0


def test_calls_sessions_and_deliveries_are_counted(scene: Scene) -> None:
    """By host, function, receiver and outcome: calls and their time, sessions opened and kept, tries and their lag."""
    host = scene.shop.host_id
    sent = _count("webhook_attempts_total", receiver="callback", outcome="succeeded")
    lags = _count("webhook_lag_seconds_count", receiver="callback")
    scene.submit()
    scene.shop.hands.work()
    scene.shop.hands.deliver()
    calls = [dict(one.attributes or {}) for one in scene.named("psrp ")]

    assert len(calls) == _count("psrp_calls_total", host_id=host, outcome="ok") > 0
    assert _count("psrp_call_duration_seconds_count", function=str(calls[0]["matryoshka.function"])) > 0
    assert 1 == _count("psrp_sessions_opened_total", host_id=host, outcome="ok")
    assert (0, 1) == tuple(_count("psrp_sessions", host_id=host, state=state) for state in ("used", "idle"))
    assert len(scene.receiver.got) == _count("webhook_attempts_total", receiver="callback", outcome="succeeded") - sent
    assert len(scene.receiver.got) == _count("webhook_lag_seconds_count", receiver="callback") - lags > 0
    scene.receiver.status = 500
    scene.submit()
    scene.shop.hands.deliver()
    assert 0 < _count("webhook_attempts_total", receiver="callback", outcome="failed")
    scene.shop.hosts.close_idle(everything=True)
    assert 0 == _count("psrp_sessions", host_id=host, state="idle")


def test_a_step_that_is_taken_over_stays_in_the_trace(scene: Scene) -> None:
    """What a killed worker began is gone on with below the same request, with a later fence."""
    job_id = scene.submit()
    killed = scene.shop.store.leases.claim("killed", 600)
    assert killed is not None
    scene.shop.store.leases.release_worker("killed")
    scene.shop.hands.work()
    assert "succeeded" == scene.shop.state(job_id)

    again = next(one for one in scene.named("step ") if (one.attributes or {})["matryoshka.step_id"] == killed.step_id)
    assert (TRACE, 2) == (f"{again.context.trace_id:032x}", (again.attributes or {})["matryoshka.fence"])
    assert _ids(scene.named("POST /v1/jobs")[0])[0] == _ids(again)[1]


def test_a_function_that_fails_marks_call_and_step_with_a_code(scene: Scene) -> None:
    """The spans of a call and of its step have the code of the error, and not the host's words."""
    scene.sandbox.fault("error", action="Invoke", error_id="Words.OfTheHost", count=0)
    scene.submit()
    scene.shop.hands.work()

    call, step = scene.named("psrp ")[0], scene.named("step ")[0]
    assert "REMOTE_ERROR" == (call.attributes or {})["error.type"]
    assert not call.status.is_ok
    assert not step.status.is_ok
    assert (step.attributes or {})["error.type"]
    assert "OfTheHost" not in "".join(one.to_json() for one in scene.spans.get_finished_spans())
