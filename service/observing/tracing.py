"""Spans, named by W3C `traceparent` texts, which ledger, messages and webhooks carry; OpenTelemetry only records.

Without a recorder (`record_with`) a span is nothing but a new text, so ids in logs and headers are the same everywhere.
A span never holds a parameter or the text of an error: attributes are ids, names and codes that we chose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog
from opentelemetry import trace
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from service.observing.traceparent import child_of, is_traceparent, new_traceparent

__all__ = ["Span", "SpanKind", "begin", "current", "ids_of", "record_with", "span"]

Value = str | int | float | bool

_here: ContextVar[str] = ContextVar("traceparent", default="")


@dataclass
class _Recorder:
    tracer: trace.Tracer | None = None


_recorder = _Recorder()


def record_with(provider: trace.TracerProvider | None) -> None:
    """Record spans with this provider from now on; None: with none. For the composition root of a process."""
    _recorder.tracer = provider.get_tracer("matryoshka") if provider else None


@dataclass
class Span:
    """One span. `traceparent` names it to others; `end` must be called, or it is left as a context.

    An exception that leaves the context marks the span with its `code`, or its type, and goes on.
    """

    traceparent: str
    recorded: trace.Span | None = None

    def note(self, **attributes: Value) -> None:
        """Add attributes; a `__` in a name stands for a dot."""
        if self.recorded is not None:
            self.recorded.set_attributes({name.replace("__", "."): value for name, value in attributes.items()})

    def fail(self, code: str) -> None:
        """Mark the span as failed for a reason that is a code of ours or the name of a type, never a text."""
        if self.recorded is not None:
            self.recorded.set_attribute("error.type", code)
            self.recorded.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        """End it. Safe to repeat."""
        if self.recorded is not None:
            self.recorded.end()
            self.recorded = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if error is not None:
            self.fail(str(getattr(error, "code", "") or type(error).__name__))
        self.end()


def begin(
    name: str,
    parent: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Sequence[str] = (),
    state: str = "",
    attributes: Mapping[str, Value] | None = None,
) -> Span:
    """Begin a span below `parent` (a traceparent; what is none begins a trace). `links` are traceparents too.

    `state` is the `tracestate` that came with the parent.
    """
    known = parent if is_traceparent(parent) else ""
    if _recorder.tracer is None:
        return Span(child_of(known) if known else new_traceparent())
    context = trace.set_span_in_context(NonRecordingSpan(_context_of(known, state))) if known else None
    linked = [Link(_context_of(one)) for one in links if is_traceparent(one)]
    recorded = _recorder.tracer.start_span(name, context, kind, attributes, linked, record_exception=False)
    return Span(_text_of(recorded.get_span_context()), recorded)


@contextmanager
def span(
    name: str,
    parent: str | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Sequence[str] = (),
    state: str = "",
    attributes: Mapping[str, Value] | None = None,
) -> Iterator[Span]:
    """Run a block in a span, below `parent` or (None) the span that this thread is in; '' begins a trace.

    Spans inside the block are below it, and log lines carry its ids.
    """
    one = begin(
        name, _here.get() if parent is None else parent, kind=kind, links=links, state=state, attributes=attributes
    )
    token = _here.set(one.traceparent)
    try:
        with one, structlog.contextvars.bound_contextvars(**ids_of(one.traceparent)):
            yield one
    finally:
        _here.reset(token)


def current() -> str:
    """Return the traceparent of the span that this thread is in; '' outside of one."""
    return _here.get()


def ids_of(traceparent: str) -> dict[str, str]:
    """Return `trace_id` and `span_id` for a log line."""
    _, trace_id, span_id, *_ = traceparent.split("-")
    return {"trace_id": trace_id, "span_id": span_id}


def _context_of(traceparent: str, state: str = "") -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")[:4]
    kept = TraceState.from_header([state]) if state else None
    return SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)), kept)


def _text_of(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 0xFF:02x}"
