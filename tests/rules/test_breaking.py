"""Callers of the last released document can go on: nothing that it promised is taken away."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml

from service.api.openapi import openapi_document
from tests.conftest import ROOT
from tests.rules.breaking import breaks

RELEASED = ROOT / "tests" / "released" / "openapi.yaml"
Document = dict[str, Any]


@cache
def _document() -> Document:
    return openapi_document()


def _schemas(document: Document) -> Document:
    found: Document = document["components"]["schemas"]
    return found


def _post_jobs(document: Document) -> Document:
    found: Document = document["paths"]["/v1/jobs"]["post"]
    return found


def test_nothing_released_is_taken_away() -> None:
    """The document takes nothing from callers of tests/released/openapi.yaml; CONTRIBUTING says when to renew that."""
    released = yaml.load(RELEASED.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)

    assert [] == breaks(released, _document())


def _drop_operation(document: Document) -> None:
    del document["paths"]["/v1/jobs/{job_id}:cancel"]


def _rename_operation(document: Document) -> None:
    _post_jobs(document)["operationId"] = "createJob"


def _ask_for_another_scope(document: Document) -> None:
    _post_jobs(document)["security"] = [{"bearer": ["admin"]}]


def _need_a_parameter(document: Document) -> None:
    _post_jobs(document)["parameters"].append({"in": "header", "name": "X-New", "required": True, "schema": {}})


def _drop_a_parameter(document: Document) -> None:
    document["paths"]["/v1/jobs"]["get"]["parameters"].pop()


def _narrow_a_parameter(document: Document) -> None:
    parameters = document["paths"]["/v1/jobs"]["get"]["parameters"]
    next(one for one in parameters if one.get("name") == "state")["schema"]["enum"].remove("failed")


def _need_a_body(document: Document) -> None:
    document["paths"]["/v1/jobs/{job_id}:cancel"]["post"]["requestBody"]["required"] = True


def _need_a_member(document: Document) -> None:
    _schemas(document)["Node"]["required"].append("memory_mib")


def _drop_an_asked_member(document: Document) -> None:
    del _schemas(document)["Node"]["properties"]["time_zone"]


def _refuse_a_value(document: Document) -> None:
    _schemas(document)["NestedHostRequest"]["properties"]["priority"]["enum"].remove("low")


def _narrow_a_bound(document: Document) -> None:
    _schemas(document)["Nodes"]["properties"]["count"]["maximum"] = 8


def _change_a_pattern(document: Document) -> None:
    _schemas(document)["Switch"]["properties"]["name"]["pattern"] = "^[a-z]+$"


def _drop_a_kind(document: Document) -> None:
    _schemas(document)["JobRequest"]["oneOf"].pop()


def _drop_a_status(document: Document) -> None:
    _post_jobs(document)["responses"]["201"] = _post_jobs(document)["responses"].pop("202")


def _drop_an_answered_member(document: Document) -> None:
    del _schemas(document)["Job"]["properties"]["error"]


def _leave_a_member_out(document: Document) -> None:
    _schemas(document)["Job"]["required"].remove("labels")


def _change_a_type(document: Document) -> None:
    _schemas(document)["Job"]["properties"]["progress_percent"]["type"] = "number"


def _answer_null(document: Document) -> None:
    _schemas(document)["Step"]["properties"]["title"]["type"] = ["string", "null"]


def _drop_a_header(document: Document) -> None:
    del _post_jobs(document)["responses"]["202"]["headers"]["Location"]


def _drop_a_media_type(document: Document) -> None:
    del document["paths"]["/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]


BREAKS: dict[Callable[[Document], None], str] = {
    _drop_operation: "POST /v1/jobs/{job_id}:cancel: the operation is gone",
    _rename_operation: "POST /v1/jobs: operationId submitJob is now createJob",
    _ask_for_another_scope: "POST /v1/jobs: needs other scopes",
    _need_a_parameter: "POST /v1/jobs: parameter X-New in header is needed now",
    _drop_a_parameter: "GET /v1/jobs: parameter created_before in query is gone",
    _narrow_a_parameter: "GET /v1/jobs state: the value failed is refused now",
    _need_a_body: "POST /v1/jobs/{job_id}:cancel: a body is needed now",
    _need_a_member: "Node (asked).memory_mib: needed now",
    _drop_an_asked_member: "Node (asked).time_zone: the member is gone",
    _refuse_a_value: "NestedHostRequest (asked).priority: the value low is refused now",
    _narrow_a_bound: "Nodes (asked).count: maximum is now 8",
    _change_a_pattern: "Switch (asked).name: has another pattern",
    _drop_a_kind: "JobRequest (asked): alternative #/components/schemas/TeardownRequest is gone",
    _drop_a_status: "POST /v1/jobs: answer 202 is gone",
    _drop_an_answered_member: "Job (answered).error: the member is gone",
    _leave_a_member_out: "Job (answered).labels: no longer always there",
    _change_a_type: "Job (answered).progress_percent: type integer is now number",
    _answer_null: "Step (answered).title: type string is now null/string",
    _drop_a_header: "POST /v1/jobs 202: header Location is gone",
    _drop_a_media_type: "GET /v1/events 200: no answer of text/event-stream any more",
}


@pytest.mark.parametrize("change", BREAKS, ids=lambda change: change.__name__.strip("_"))
def test_each_sort_of_break_is_seen(change: Callable[[Document], None]) -> None:
    """What would break a caller is named by its place."""
    changed = copy.deepcopy(_document())
    change(changed)

    assert BREAKS[change] in breaks(_document(), changed)


def test_growth_is_no_break() -> None:
    """New operations, optional members, values of answers and event families take nothing from anyone."""
    grown = copy.deepcopy(_document())
    grown["paths"]["/v1/new"] = grown["paths"]["/v1/keys"]
    schemas = _schemas(grown)
    schemas["Node"]["properties"]["later"] = {"type": "string"}
    schemas["Job"]["properties"]["later"] = {"type": "string"}
    schemas["Job"]["required"].append("later")
    schemas["Job"]["properties"]["state"]["enum"].append("paused")
    schemas["NestedHostRequest"]["properties"]["priority"]["enum"].append("urgent")
    schemas["Event"]["oneOf"].append({"$ref": "#/components/schemas/JobEvent"})
    schemas["Nodes"]["properties"]["count"]["maximum"] = 128

    assert [] == breaks(_document(), grown)
