"""Hosts, images, webhooks, keys, pages, events and what is shown of them."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from schemas import pointers
from schemas.event import DATA_SCHEMAS, EVENT_TYPES, EventSchema, WebhookBodySchema
from schemas.host import HostCreateSchema, HostSchema, HostUpdateSchema
from schemas.image import ImageCreateSchema
from schemas.job import JOB_STATES, JobQuerySchema, JobSchema
from schemas.key import SCOPES, KeyCreateSchema
from schemas.lab import LAB_STATES, LabExtendSchema
from schemas.page import PageQuerySchema, page_of
from schemas.step import STEP_STATES, StepSchema
from schemas.webhook import EndpointCreateSchema, EndpointRotateSchema
from service.ledger.event import Event, EventType
from service.ledger.job import Job, JobState, StepState
from service.ledger.store import LabState

_HOST: dict[str, Any] = {
    "name": "hv-1",
    "address": "hv-1.example",
    "username": "Administrator",
    "password": {"value": "x"},
}
_IMAGE: dict[str, Any] = {"name": "ws2022", "path": r"C:\Images\ws2022.vhdx", "sha256": "A" * 64}


def _refused(schema: Schema, data: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        schema.load(data)
    return [(item["pointer"], item["code"]) for item in pointers(caught.value.messages)]


def test_a_host_has_safe_defaults() -> None:
    """A host is reached by https and Negotiate unless it is said otherwise."""
    host = HostCreateSchema().load(_HOST)

    assert (host["scheme"], host["auth"], host["port"]) == ("https", "negotiate", None)
    assert host["limits"] == {
        "max_sessions": 16,
        "max_parallel_steps": 16,
        "max_heavy_steps": 4,
        "memory_reserve_mib": 4096,
    }


def test_a_password_is_not_sent_in_the_clear() -> None:
    """Basic over http is refused, except on this machine itself."""
    basic = _HOST | {"auth": "basic", "scheme": "http"}

    assert _refused(HostCreateSchema(), basic) == [("#/auth", "conflict")]
    assert HostCreateSchema().load(basic | {"address": "127.0.0.1"})


def test_a_client_certificate_comes_as_pem_over_https() -> None:
    """Certificate logon takes a bundle of several lines, and nothing but https."""
    bundle = _HOST | {"auth": "certificate", "password": {"value": "-----BEGIN CERTIFICATE-----\nMII\n"}}

    assert HostCreateSchema().load(bundle)["auth"] == "certificate"
    assert _refused(HostCreateSchema(), bundle | {"scheme": "http"}) == [("#/auth", "conflict")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"address": "fe80::1"}, ("#/address", "pattern")),
        ({"address": "a b"}, ("#/address", "pattern")),
        ({"port": 0}, ("#/port", "range")),
        ({"port": 65536}, ("#/port", "range")),
        ({"ca_pem": "x"}, ("#/ca_pem", "invalid")),
        ({"storage_path": "Labs"}, ("#/storage_path", "pattern")),
        ({"limits": {"max_sessions": 0}}, ("#/limits/max_sessions", "range")),
        ({"capacity": {"memory_mib": 1}}, ("#/capacity/disk_gib", "required")),
        ({"auth": "digest"}, ("#/auth", "choice")),
        ({"id": "host_1"}, ("#/id", "unknown_field")),
    ],
)
def test_a_wrong_host_is_refused(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """A host that cannot be reached or kept is refused where it is wrong."""
    assert expected in _refused(HostCreateSchema(), _HOST | changes)


def test_an_update_has_no_defaults() -> None:
    """An update holds what was given and nothing else."""
    assert HostUpdateSchema().load({"name": "hv-2"}) == {"name": "hv-2"}


def test_a_host_is_shown_without_its_password() -> None:
    """What a host's record keeps secret is not in its view."""
    assert "secrets" not in HostSchema().dump({"secrets": {"password": {"value": "x"}}, "name": "hv"})


def test_an_image_hash_is_kept_in_small_letters() -> None:
    """The capitals that Get-FileHash prints are taken."""
    assert ImageCreateSchema().load(_IMAGE)["sha256"] == "a" * 64


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"path": r"C:\Images\ws2022.iso"}, ("#/path", "pattern")),
        ({"sha256": "abc"}, ("#/sha256", "length")),
        ({"os_build": "20348"}, ("#/os_build", "type")),
    ],
)
def test_a_wrong_image_is_refused(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """An image is a VHDX with its SHA-256."""
    assert expected in _refused(ImageCreateSchema(), _IMAGE | changes)


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (50, 50), (200, 200), (201, 200), (10**9, 200)])
def test_a_page_is_at_most_200_long(asked: int, given: int) -> None:
    """A larger limit than 200 is answered with 200 (AIP-158)."""
    assert PageQuerySchema().load({"limit": asked})["limit"] == given


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_is_not_empty(limit: int) -> None:
    """A limit below 1 is refused."""
    assert _refused(PageQuerySchema(), {"limit": limit}) == [("#/limit", "range")]


def test_a_query_takes_text() -> None:
    """Limits of a query string are text and are read as numbers; the default is 50."""
    assert PageQuerySchema().load({"limit": "7"}) == {"limit": 7, "cursor": None}
    assert PageQuerySchema().load({})["limit"] == 50


def test_a_page_schema_is_made_once() -> None:
    """The page of an item is the same class each time, so it is one component of the document."""
    assert page_of(StepSchema) is page_of(StepSchema)
    assert page_of(StepSchema)().dump({"items": [], "next_cursor": None}) == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("label", ["a", "=b", "a=b=c"])
def test_a_label_filter_is_a_pair(label: str) -> None:
    """A label filter is name=value."""
    assert ("#/label", "pattern") in _refused(JobQuerySchema(), {"label": label * 3})


def test_an_endpoint_receives_everything_by_default() -> None:
    """Without types an endpoint gets all of them, and it is active."""
    endpoint = EndpointCreateSchema().load({"url": "https://a.example/x"})

    assert (endpoint["types"], endpoint["state"]) == (["*"], "active")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"types": ["job.done"]}, ("#/types/0", "choice")),
        ({"types": []}, ("#/types", "length")),
        ({"types": ["job.failed", "job.failed"]}, ("#/types", "duplicate")),
        ({"url": "file:///etc/passwd"}, ("#/url", "pattern")),
        ({"secret": {"value": "x"}}, ("#/secret/value", "pattern")),
    ],
)
def test_a_wrong_endpoint_is_refused(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """An endpoint takes known types, an http(s) URL and a good secret."""
    assert expected in _refused(EndpointCreateSchema(), {"url": "https://a.example"} | changes)


def test_a_rotation_overlaps() -> None:
    """The old secret signs for a day unless it is said otherwise."""
    assert EndpointRotateSchema().load({}) == {"overlap_seconds": 86400}


def test_a_key_has_known_scopes() -> None:
    """Unknown scopes are refused."""
    assert _refused(KeyCreateSchema(), {"name": "x", "scopes": ["root"]}) == [("#/scopes/0", "choice")]
    assert KeyCreateSchema().load({"name": "x", "scopes": list(SCOPES)})["expires_at"] is None


def test_a_lease_can_be_taken_away() -> None:
    """Zero seconds take a lab's lease away."""
    assert LabExtendSchema().load({"lease_seconds": 0}) == {"lease_seconds": 0}


def test_event_types_are_those_of_the_ledger() -> None:
    """The types that are shown are exactly those that the ledger writes, and each family has a payload."""
    assert set(EVENT_TYPES) == {str(item) for item in EventType}
    assert {item.split(".")[0] for item in EVENT_TYPES} == set(DATA_SCHEMAS)


def test_states_are_those_of_the_ledger() -> None:
    """The states that are shown are exactly those that the ledger knows."""
    assert set(JOB_STATES) == {str(item) for item in JobState}
    assert set(STEP_STATES) == {str(item) for item in StepState}
    assert set(LAB_STATES) == {str(item) for item in LabState}


def test_a_job_is_shown_with_its_times() -> None:
    """A job record is shown with RFC 3339 times and without what is not there yet."""
    job = Job("job_" + "0" * 26, "teardown", JobState.QUEUED, {}, 1, 1769860800.0)
    shown = JobSchema().dump(job)

    assert (shown["created_at"], shown["started_at"], shown["error"]) == ("2026-01-31T12:00:00.000Z", None, None)


def test_an_event_is_shown_with_its_time() -> None:
    """An event's time is called timestamp outside."""
    shown = EventSchema().dump(Event("1-0", EventType.JOB_FAILED, 1769860800.0, data={"x": 1}))

    assert (shown["timestamp"], shown["data"]) == ("2026-01-31T12:00:00.000Z", {"x": 1})


@pytest.mark.parametrize("schema", DATA_SCHEMAS.values())
def test_payloads_may_grow(schema: type[Schema]) -> None:
    """A payload with a member that nobody declared still loads: receivers ignore it."""
    assert schema().load({"later": 1}) == {"later": 1}


def test_a_webhook_body_is_thin() -> None:
    """A webhook body has type, timestamp and data with the event's id."""
    sent = {"type": "job.failed", "timestamp": "2026-01-31T12:00:00Z", "data": {"event_id": "1-0", "more": 1}}

    assert WebhookBodySchema().load(sent)["data"] == {"event_id": "1-0", "more": 1}
