"""The committed openapi.yaml is what the code promises, and the promise is complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from flask import Flask
from openapi_spec_validator import OpenAPIV30SpecValidator, validate

from schemas.job import JobRequestSchema
from schemas.kinds import REQUEST_SCHEMAS
from service.api.examples import request_examples
from service.api.openapi import openapi_document, openapi_yaml
from service.api.registration import register_views
from tests.conftest import ROOT

METHODS = {"get", "post", "put", "patch", "delete"}
DOCUMENT = openapi_document()


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def test_committed_document_is_current() -> None:
    """openapi.yaml is what `python -m service.api.openapi` writes; run it after a change of the API."""
    assert (ROOT / "openapi.yaml").read_text() == openapi_yaml()


def test_document_is_valid() -> None:
    """The document is valid OpenAPI 3.1."""
    assert DOCUMENT["openapi"].startswith("3.1.")
    validate(yaml.load(openapi_yaml(), Loader=yaml.CSafeLoader))


def test_the_copy_for_old_tools_is_current_and_valid() -> None:
    """openapi-3.0.yaml is the same promise in 3.0.3: valid there, with the same operations, schemas and webhooks."""
    text = openapi_yaml(old=True)
    old = yaml.load(text, Loader=yaml.CSafeLoader)

    assert (ROOT / "openapi-3.0.yaml").read_text() == text
    validate(old, cls=OpenAPIV30SpecValidator)
    assert DOCUMENT["paths"].keys() == old["paths"].keys()
    assert DOCUMENT["components"]["schemas"].keys() == old["components"]["schemas"].keys()
    assert DOCUMENT["webhooks"].keys() == old["x-webhooks"].keys()
    for word in ("'null'", "jsonSchemaDialect", "const:"):
        assert word not in text


def test_every_route_is_in_the_document_and_no_other() -> None:
    """Routes and documented operations are the same."""
    app = Flask("rules", static_folder=None)
    register_views(app)
    routes = {
        (rule.rule.replace("<identifier:", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method.lower() in METHODS
    }

    assert routes == {(path, method) for path, method, _ in _operations()}


def test_operation_ids_are_there_and_unique() -> None:
    """Every operation has an operationId and a summary of its own."""
    ids = [operation["operationId"] for _, _, operation in _operations()]

    assert len(set(ids)) == len(ids)
    assert all(operation["summary"] for _, _, operation in _operations())


def test_every_operation_lists_its_refusals_as_problems() -> None:
    """Each 4xx and 5xx answer is application/problem+json, and guarded operations list 401 and 403."""
    for path, method, operation in _operations():
        refusals = {status for status in operation["responses"] if status >= "400"}
        assert all(operation["responses"][status]["$ref"].endswith(f"Problem{status}") for status in refusals)
        expected = {"400", "500", "503"} | ({"401", "403"} if operation["security"] else set())
        assert expected <= refusals, (path, method)
    for response in DOCUMENT["components"]["responses"].values():
        assert list(response["content"]) == ["application/problem+json"]


def test_kinds_are_told_apart() -> None:
    """The body of POST /v1/jobs is one schema a kind, told apart by `kind`."""
    body = DOCUMENT["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/JobRequest"}
    schema = DOCUMENT["components"]["schemas"]["JobRequest"]

    assert set(REQUEST_SCHEMAS) == set(schema["discriminator"]["mapping"])
    assert {one["$ref"] for one in schema["oneOf"]} == set(schema["discriminator"]["mapping"].values())
    for reference in schema["discriminator"]["mapping"].values():
        assert reference.rpartition("/")[2] in DOCUMENT["components"]["schemas"]


def test_callbacks_and_webhooks_have_the_same_body() -> None:
    """A job's callback and a registered endpoint's webhook are described with the same payload."""
    callback = DOCUMENT["paths"]["/v1/jobs"]["post"]["callbacks"]["jobEvent"]["{$request.body#/callback_url}"]["post"]
    webhook = DOCUMENT["webhooks"]["event"]["post"]

    assert callback["requestBody"] == webhook["requestBody"]
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} == {one["name"] for one in webhook["parameters"]}


@pytest.mark.parametrize("kind", sorted(REQUEST_SCHEMAS))
def test_every_kind_has_an_example_that_can_be_used(kind: str) -> None:
    """The document shows a ready request of each kind, and it passes its schema as it is."""
    body = request_examples()[kind]["value"]

    assert JobRequestSchema().load(body)["kind"] == kind


def test_secrets_are_write_only() -> None:
    """Every member that takes a secret is marked writeOnly, and no answer's schema has one."""
    found = []
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for member, described in schema.get("properties", {}).items():
            if described.get("$ref", "").endswith(("/Secret", "/LongSecret")):
                found.append(f"{name}.{member}")
                assert described.get("writeOnly") is True, f"{name}.{member}"
    assert "HostCreate.password" in found
    assert not [one for one in found if one.startswith(("Host.", "Job.", "Lab."))]
