"""Spans leave a process only where somebody said where to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from service.observing.exporting import start_traces
from service.observing.tracing import begin
from tests.conftest import ROOT

_ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
_LOADED = """
import sys
import service.app
import service.observing.exporting as exporting
exporting.start_traces({}, "x", "y")()
print(sorted({"opentelemetry.sdk.trace", "opentelemetry.exporter", "service.observing.otlp"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "environ", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, {**_ENDPOINT, "OTEL_SDK_DISABLED": "True"}]
)
def test_nothing_is_recorded_without_an_endpoint(environ: dict[str, str]) -> None:
    """Without OpenTelemetry's variable, or with its switch, spans are ids only."""
    start_traces(environ, "x", "y")()

    assert begin("x", "").recorded is None


def test_a_process_that_exports_nothing_never_loads_the_sdk() -> None:
    """The SDK is an extra: the web process runs without it, and does not pay for it."""
    done = subprocess.run([sys.executable, "-c", _LOADED], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()
