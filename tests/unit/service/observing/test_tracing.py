"""Spans: the same ids for logs, headers and OpenTelemetry; and nothing in them but ids, names and codes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.observing.traceparent import is_traceparent
from service.observing.tracing import SpanKind, begin, current, ids_of, record_with, span

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = f"{PARENT[:-2]}00"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was recorded."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record_with(provider)
    yield exporter
    record_with(None)


class CodedError(Exception):
    """An error of ours, whose text may hold anything."""

    code = "HOST_UNREACHABLE"


def test_without_a_recorder_a_span_is_a_new_id_of_the_same_trace() -> None:
    """Ids in logs and headers do not need OpenTelemetry; what is no traceparent begins a trace."""
    one, other = begin("x", PARENT), begin("x", "nonsense")
    one.note(a=1)
    one.fail("CODE")
    one.end()

    assert is_traceparent(one.traceparent)
    assert is_traceparent(other.traceparent)
    assert one.traceparent[3:35] == PARENT[3:35]
    assert one.traceparent != PARENT
    assert other.traceparent[3:35] != PARENT[3:35]


def test_a_recorded_span_goes_by_its_traceparent(spans: InMemorySpanExporter) -> None:
    """Parent, trace, kind, link and attributes are those that were given, and its text names it."""
    links, route = [f"00-{'1' * 32}-{'2' * 16}-01", "nonsense"], {"http.route": "/v1/jobs"}
    with begin("POST /v1/jobs", PARENT, kind=SpanKind.SERVER, links=links, attributes=route) as one:
        one.note(http__response__status_code=202)
        named = one.traceparent

    recorded = spans.get_finished_spans()[0]
    assert recorded.parent is not None
    assert named == f"00-{recorded.context.trace_id:032x}-{recorded.context.span_id:016x}-01"
    assert (PARENT[3:35], PARENT[36:52]) == (f"{recorded.parent.trace_id:032x}", f"{recorded.parent.span_id:016x}")
    assert [0x2222222222222222] == [link.context.span_id for link in recorded.links]
    assert recorded.kind == SpanKind.SERVER
    assert {"http.route": "/v1/jobs", "http.response.status_code": 202} == dict(recorded.attributes or {})


def test_spans_nest_and_log_lines_have_their_ids(spans: InMemorySpanExporter) -> None:
    """A span inside a block is below the block's; contextvars have the inner one's ids and get the outer one's back."""
    with span("outer", PARENT) as outer:
        with span("inner") as inner:
            assert inner.traceparent == current()
            assert ids_of(inner.traceparent).items() <= structlog.contextvars.get_contextvars().items()
        assert outer.traceparent == current()
        assert ids_of(outer.traceparent).items() <= structlog.contextvars.get_contextvars().items()
    assert "" == current()

    found = {one.name: one for one in spans.get_finished_spans()}
    assert found["inner"].parent is not None
    assert found["inner"].parent.span_id == found["outer"].context.span_id


def test_an_exception_is_its_code_and_never_its_text(spans: InMemorySpanExporter) -> None:
    """A span that an exception leaves is failed with the code or the type; the text is nowhere in it."""
    for error in (CodedError("s3cret"), ValueError("s3cret")):
        with pytest.raises(type(error)), span("x", PARENT):
            raise error

    found = spans.get_finished_spans()
    assert ["HOST_UNREACHABLE", "ValueError"] == [(one.attributes or {})["error.type"] for one in found]
    assert all(not one.status.is_ok and one.status.description is None and not one.events for one in found)
    assert "s3cret" not in "".join(one.to_json() for one in found)


def test_what_the_caller_does_not_sample_is_not_recorded(spans: InMemorySpanExporter) -> None:
    """A caller's flag 00 is kept: no span, and the same flag for whoever comes after."""
    with span("x", UNSAMPLED) as one:
        assert "00" == one.traceparent[-2:]
        assert one.traceparent[3:35] == PARENT[3:35]

    assert () == spans.get_finished_spans()
