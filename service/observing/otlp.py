"""OpenTelemetry's SDK with an OTLP/HTTP exporter, set by its own variables (OTEL_EXPORTER_OTLP_*, OTEL_TRACES_SAMPLER).

The only importer of the SDK: needs the extra `traces`, and is loaded by `exporting` when it is there.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def provider(program: str, instance: str) -> TracerProvider:
    """Return a provider whose spans are sent in batches by a thread; OTEL_SERVICE_NAME goes before `program`."""
    resource = Resource.create({"service.version": _version(), "service.instance.id": instance})
    if str(resource.attributes.get("service.name")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": program}))
    made = TracerProvider(resource=resource, shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made


def _version() -> str:
    try:
        return version("matryoshka")
    except PackageNotFoundError:
        return "unknown"
