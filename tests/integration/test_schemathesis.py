"""The whole API against its own OpenAPI document: what schemathesis makes up is answered as the document promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from service.api.openapi import openapi_document
from tests.integration.api_kit import Api, running_api

EXAMPLES = 15
_ANY_TEXT = {"$ref": "#/components/parameters/IfNoneMatch"}
OPERATIONS = [
    (path, method, mode)
    for path, item in openapi_document()["paths"].items()
    for method in item.keys() - {"parameters"}
    for mode in GenerationMode
    # What takes nothing, or a header of any text, can be asked in one way only.
    if mode is GenerationMode.POSITIVE
    or "parameters" in item
    or "requestBody" in item[method]
    or [one for one in item[method].get("parameters", ()) if one != _ANY_TEXT]
]
BOUNDS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

load_all_checks()
# A batch answers 200 for an item that it refuses: the refusal is in the item's own result.
_EXCLUDED = {"/v1/jobs:batch": [positive_data_acceptance, negative_data_rejection]}


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image that lets nobody wait."""
    with running_api(redis_url, MATRYOSHKA_WAIT_CAP="0") as one:
        yield one


def _known(api: Api) -> dict[str, str]:
    """Return the ids of one resource of each sort, by the name of the path parameter."""
    job = api.submitted()
    endpoint = api.created("/v1/webhook-endpoints", {"url": "https://example.org/hook"})["id"]
    return {
        "job_id": job["id"],
        "lab_id": job["lab_id"],
        "host_id": api.hosts[0],
        "image_id": api.call("GET", "/v1/images").get_json()["items"][0]["id"],
        "endpoint_id": endpoint,
        "delivery_id": api.call("POST", f"/v1/webhook-endpoints/{endpoint}:ping").get_json()["id"],
    }


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_api_keeps_its_promise(api: Api, path: str, method: str, mode: GenerationMode) -> None:
    """Statuses, media types, headers and bodies are those of the document, and nothing made up is a server error.

    Well-formed requests may be refused for what they name (an unknown host, another's cursor), so the acceptance of
    well-formed data is not checked here.
    """
    schema = schemathesis.openapi.from_wsgi("/openapi.json", api.app)
    operation = schema[path][method]
    headers = {"Authorization": f"Bearer {api.key}"}
    known = _known(api)

    @BOUNDS
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            # Made-up ids are all unknown: these lead past the 404.
            case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        case.call_and_validate(headers=headers, excluded_checks=_EXCLUDED.get(path, [positive_data_acceptance]))

    run()
