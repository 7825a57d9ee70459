"""Prefer, limits of a body, headers of every answer, traces, and operations that will go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_smorest import Api as Smorest
from flask_smorest import Blueprint
from kombu import Connection

from service.api.answers import answer
from service.api.auth import PUBLIC, KeyBook, KeyRing
from service.api.operation import Deprecation, Operation, register_guard, route
from service.api.ratelimit import Policy, RateLimiter
from service.api.reading import MAX_DEPTH, MAX_TEXT
from service.ledger.queue import STEPS_QUEUE
from tests.integration.api_kit import HOST, IMAGE, Api, cluster, running_api

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def test_return_minimal(api: Api) -> None:
    """A change answers without a body when the caller prefers so: the status, Location and ETag stay, a 200 is 204."""
    submitted = api.call("POST", "/v1/jobs", cluster(), Prefer="return=minimal")
    path = f"/v1/hosts/{api.hosts[0]}"
    changed = api.call("PATCH", path, {"labels": {"a": "b"}}, If_Match="*", Prefer="wait=1, return=minimal")

    assert (202, b"", "return=minimal") == (
        submitted.status_code,
        submitted.data,
        submitted.headers["Preference-Applied"],
    )
    assert api.call("GET", submitted.headers["Location"].removeprefix("http://localhost")).status_code == 200
    assert (204, b"") == (changed.status_code, changed.data)
    assert changed.headers["ETag"] == api.call("GET", path).headers["ETag"]


def test_what_is_shown_once_is_shown(api: Api) -> None:
    """A secret that is shown this once, a plan and a problem come whole, whatever the caller prefers."""
    body = {"url": "https://hooks.example/mk", "types": ["*"]}
    made = api.call("POST", "/v1/webhook-endpoints", body, Prefer="return=minimal")
    plan = api.call("POST", "/v1/jobs:plan", cluster(), Prefer="return=minimal")
    refused = api.call("POST", "/v1/hosts", HOST, Prefer="return=minimal")

    assert made.get_json()["secret"].startswith("whsec_")
    assert plan.get_json()["steps"]
    assert "problem+json" in refused.headers["Content-Type"]
    assert not [one for one in (made, plan, refused) if "Preference-Applied" in one.headers]


def _nested(levels: int) -> Any:
    return {"a": _nested(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (_nested(MAX_DEPTH + 1), "depth", "#" + "/a" * MAX_DEPTH),
        ({"x/y": [{"z": "t" * (MAX_TEXT + 1)}]}, "length", "#/x~1y/0/z"),
    ],
)
def test_a_body_has_bounds(api: Api, body: Any, code: str, pointer: str) -> None:
    """A body that is deeper, or has a longer text, than any request needs is refused at its place."""
    refused = api.call("POST", "/v1/images", body)

    assert 422 == refused.status_code
    assert [(code, pointer)] == [(one["code"], one["pointer"]) for one in refused.get_json()["errors"]]


def test_the_deepest_allowed_body_is_read(api: Api) -> None:
    """A body at the bound goes on to the schema, which names what it does not know."""
    refused = api.call("POST", "/v1/images", IMAGE | {"name": "other", "deep": _nested(MAX_DEPTH - 2)})

    assert [("unknown_field", "#/deep")] == [(one["code"], one["pointer"]) for one in refused.get_json()["errors"]]


def test_headers_of_every_answer(api: Api) -> None:
    """Data and problems say that nobody may sniff, frame or embed them; over TLS, that TLS stays."""
    for path, status in (("/v1/jobs", 200), ("/v1/nothing", 404), ("/healthz", 200)):
        found = api.call("GET", path)
        assert (status, "nosniff", "DENY") == (
            found.status_code,
            found.headers["X-Content-Type-Options"],
            found.headers["X-Frame-Options"],
        )
        assert "default-src 'none'" in found.headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" not in found.headers
    secure = api.app.test_client().get("/healthz", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_trace_goes_from_the_request_into_job_and_message(api: Api, redis_url: str) -> None:
    """The job has its caller's trace, and the wake-up in the queue a span of it; without one a new trace begins."""
    job = api.submitted(traceparent=PARENT)
    other = api.submitted(cluster(labels={"a": "b"}) | _other_names(), traceparent="00-nonsense")

    assert TRACE == job["trace_id"]
    assert 32 == len(other["trace_id"])
    assert TRACE != other["trace_id"]
    with Connection(redis_url, transport_options={"ack_emulation": False}) as connection:
        message = connection.default_channel.basic_get(STEPS_QUEUE, no_ack=True)
    sent = message.headers["traceparent"].split("-")
    assert (TRACE, "01") == (sent[1], sent[3])
    assert sent[2] != "b7ad6b7169203331"


def _other_names() -> dict[str, Any]:
    body = cluster()
    return {
        "nodes": body["nodes"] | {"name_prefix": "other"},
        "cluster": body["cluster"] | {"name": "other"},
    }


def test_an_operation_that_will_go_says_so() -> None:
    """A deprecated operation tells on each answer, and in the document, that it will go (RFC 9745, RFC 8594)."""
    app = Flask("test")
    app.config.update(API_TITLE="t", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    blueprint = Blueprint("old", __name__)
    deprecation = Deprecation(1_767_225_600, 1_798_761_600, "https://mk.example/docs/old")

    @route(blueprint, Operation("old", "GET", "/old", PUBLIC, {200: None}, deprecation=deprecation))
    def old() -> Any:
        return answer({})

    api = Smorest(app)
    for status in (400, 500, 503):
        api.spec.components.response(f"Problem{status}", {"description": "a problem"})
    api.spec.components.parameter("IfNoneMatch", "header", {"name": "If-None-Match"})
    api.register_blueprint(blueprint)
    register_guard(app, KeyRing(KeyBook(lambda _: None)), RateLimiter(Policy(0, 60), lambda *_: 0))

    found = app.test_client().get("/old")

    assert "@1767225600" == found.headers["Deprecation"]
    assert "Fri, 01 Jan 2027 00:00:00 GMT" == found.headers["Sunset"]
    assert '<https://mk.example/docs/old>; rel="deprecation"; type="text/html"' == found.headers["Link"]
    assert json.loads(json.dumps(api.spec.to_dict()))["paths"]["/old"]["get"]["deprecated"] is True
