"""The whole API against its own OpenAPI document: what schemathesis makes up is answered as the document promises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service.api.openapi import openapi_document
from tests.integration.api_kit import Api, running_api

EXAMPLES = 10
OPERATIONS = [
    (path, method, mode)
    for path, item in openapi_document()["paths"].items()
    for method in item.keys() - {"parameters"}
    for mode in GenerationMode
    # What takes nothing can be asked in one way only.
    if mode is GenerationMode.POSITIVE or "parameters" in item or {"parameters", "requestBody"} & item[method].keys()
]
BOUNDS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

load_all_checks()


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_api_keeps_its_promise(api: Api, path: str, method: str, mode: GenerationMode) -> None:
    """Statuses, media types, headers and bodies are those of the document, and nothing made up is a server error.

    Well-formed requests may be refused for what they name (an unknown host, another's cursor), so the acceptance of
    well-formed data is not checked here.
    """
    schema = schemathesis.openapi.from_wsgi("/openapi.json", api.app)
    operation = schema[path][method]
    headers = {"Authorization": f"Bearer {api.key}"}

    @BOUNDS
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    run()
