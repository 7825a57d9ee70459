"""Links of the OpenAPI document: which operation goes on from which answer, and with what of it.

`If-Match` takes the ETag that the answer had, so a client that follows links changes the copy that it has seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ID = "$response.body#/id"
_ETAG = "$response.header.ETag"
_WITH_BODY = ("200", "201", "202")
_CONDITIONAL = frozenset(
    {
        *("updateHost", "deleteHost", "updateImage", "deleteImage", "extendLab"),
        *("updateWebhookEndpoint", "deleteWebhookEndpoint"),
    }
)

_OF_JOB = ("getJob", "listSteps", "listJobEvents", "diagnoseJob", "cancelJob", "retryJob")
_OF_HOST = ("getHost", "updateHost", "inspectHost", "testHost", "deleteHost")
_OF_IMAGE = ("getImage", "updateImage", "deleteImage")
_OF_ENDPOINT = (
    "getWebhookEndpoint", "updateWebhookEndpoint", "pingWebhookEndpoint", "rotateWebhookSecret", "redeliverWebhooks",
    "deleteWebhookEndpoint",
)  # fmt: skip
_OF_DELIVERY = ("getWebhookDelivery", "redeliverWebhook")

# Operation -> the parameter that its answer's id fills, and the operations that take it.
_ONWARD: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(("submitJob", "getJob", "cancelJob", "retryJob", "inspectHost", "testHost"), ("job_id", _OF_JOB)),
    **dict.fromkeys(("registerHost", "getHost", "updateHost"), ("host_id", _OF_HOST)),
    **dict.fromkeys(("createImage", "getImage", "updateImage"), ("image_id", _OF_IMAGE)),
    **dict.fromkeys(
        ("createWebhookEndpoint", "getWebhookEndpoint", "updateWebhookEndpoint", "rotateWebhookSecret"),
        ("endpoint_id", _OF_ENDPOINT),
    ),
    **dict.fromkeys(("pingWebhookEndpoint", "getWebhookDelivery", "redeliverWebhook"), ("delivery_id", _OF_DELIVERY)),
    "getLab": ("lab_id", ("getLab", "extendLab", "deleteLab")),
}
# Beside those: from an id inside the answer.
_BESIDE: Mapping[str, tuple[tuple[str, Mapping[str, str]], ...]] = {
    **dict.fromkeys(("submitJob", "getJob"), (("getLab", {"lab_id": "$response.body#/lab_id"}),)),
    **dict.fromkeys(
        ("createWebhookEndpoint", "getWebhookEndpoint"), (("listWebhookDeliveries", {"endpoint_id": _ID}),)
    ),
    "pingWebhookEndpoint": (("getWebhookEndpoint", {"endpoint_id": "$response.body#/endpoint_id"}),),
    "deleteLab": (("getJob", {"job_id": _ID}),),
}


def link_operations(paths: Mapping[str, Any]) -> None:
    """Write the links into the successful answers of a document's operations."""
    for item in paths.values():
        for operation in item.values():
            if not isinstance(operation, dict) or "operationId" not in operation:
                continue
            for status, response in operation["responses"].items():
                links = _links(operation["operationId"]) if status in _WITH_BODY else {}
                if links:
                    response["links"] = links


def _links(operation_id: str) -> dict[str, Any]:
    parameter, onward = _ONWARD.get(operation_id, ("", ()))
    found = {name: _link(name, {parameter: _ID}) for name in onward if name != operation_id}
    return found | {name: _link(name, parameters) for name, parameters in _BESIDE.get(operation_id, ())}


def _link(operation_id: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    seen = {"header.If-Match": _ETAG} if operation_id in _CONDITIONAL else {}
    return {"operationId": operation_id, "parameters": {**parameters, **seen}}
