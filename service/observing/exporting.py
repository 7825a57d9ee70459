"""Whether spans leave this process: where OpenTelemetry's own variables name a collector and its SDK is installed."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from service.observing.tracing import record_with

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_LAST_SECONDS = 2.0
_SDK = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")

log = structlog.get_logger(__name__)


def start_traces(environ: Mapping[str, str], program: str, instance: str) -> Callable[[], None]:
    """Begin to export spans as `program` (`matryoshka-api`); return what sends the last ones and ends it.

    Does nothing without an endpoint, with OTEL_SDK_DISABLED=true, or (with a warning) without the extra `traces`.
    Call it after a fork: the exporter has a thread.
    """
    wanted = any(environ.get(name, "").strip() for name in _ENDPOINTS)
    if not wanted or environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return _nothing
    if not all(_is_installed(name) for name in _SDK):
        log.warning("traces_not_exported", remedy="install matryoshka[traces]")
        return _nothing
    # Loaded here and not above: the SDK is an extra, and costs a second of every start.
    otlp: Any = importlib.import_module("service.observing.otlp")
    provider = otlp.provider(program, instance)
    record_with(provider)

    def stop() -> None:
        record_with(None)
        # A collector that is away must not hold the exit up.
        ending = threading.Thread(target=provider.shutdown, name="last-spans", daemon=True)
        ending.start()
        ending.join(_LAST_SECONDS)

    return stop


def _nothing() -> None:
    """There is nothing to end."""


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
