"""What the document knows beyond the schemas: event families, members that are always there, results, examples.

marshmallow's `required` speaks of what is loaded; generators of clients ask what an answer always has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from marshmallow import Schema, fields

from schemas.event_family import EVENTS_BY_FAMILY, WEBHOOKS_BY_FAMILY, types_of
from schemas.kinds import REQUEST_SCHEMAS
from schemas.lab import CpuRowSchema
from schemas.plan import FindingSchema
from service.api.job_schemas import JOB_REQUEST, job_request_names, job_request_union

# Of each schema of an answer: the members that `job_shapes` and its like always write, beside the required ones.
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "Job": (
        *("request", "labels", "host_id", "lab_id", "started_at", "ended_at", "progress_percent", "eta_seconds"),
        *("waiting_for", "steps_total", "steps_done", "error", "result", "cancel_unconfirmed", "retries", "request_id"),
        "trace_id",
    ),
    "Step": (
        "node",
        "needs",
        "attempt",
        "percent",
        "message",
        "started_at",
        "ended_at",
        "weight_seconds",
        "error",
        "worker",
    ),
    "Event": ("job_id", "lab_id", "step_id", "node", "data"),
    "Lab": (
        "name",
        "host_id",
        "job_id",
        "labels",
        "demand",
        "facts",
        "probes",
        "expires_at",
        "version",
        "summary",
        "links",
    ),
    "Host": (
        *("id", "name", "address", "port", "scheme", "auth", "username", "ca_pem", "configuration_name", "labels"),
        *("limits", "capacity", "storage_path", "created_at", "updated_at", "version"),
    ),
    "Image": (
        *("id", "name", "path", "sha256", "os_build", "os_name", "edition", "generation", "size_mib", "description"),
        *("labels", "created_at", "updated_at", "version"),
    ),
    "Plan": ("host_id",),
}
_UNIONS = {"Event": EVENTS_BY_FAMILY, "WebhookBody": WEBHOOKS_BY_FAMILY}


class JobResultSchema(Schema):
    """What a job found or built; which members there are depends on its kind."""

    facts = fields.Dict(keys=fields.String(), required=True, metadata={"description": "All facts, by name."})
    probes = fields.List(fields.Nested(CpuRowSchema), metadata={"description": "The CPU ledger of a lab."})
    summary = fields.Dict(keys=fields.String(), metadata={"description": "What was built and proven."})
    report = fields.Dict(keys=fields.String(), metadata={"description": "What a host is and has."})
    findings = fields.List(fields.Nested(FindingSchema), metadata={"description": "What a host allows and forbids."})
    drift = fields.List(fields.Dict(keys=fields.String()), metadata={"description": "What a lab is no longer."})
    settings = fields.List(fields.Dict(keys=fields.String()), metadata={"description": "What was set on a VM."})


def describe_families(spec: APISpec) -> None:
    """Add the schemas that no operation names by itself: each event family's, a job's request and result."""
    for family in EVENTS_BY_FAMILY:
        spec.components.schema(f"{family.title()}Event", schema=EVENTS_BY_FAMILY[family])
        spec.components.schema(f"{family.title()}Webhook", schema=WEBHOOKS_BY_FAMILY[family])
    spec.components.schema("JobResult", schema=JobResultSchema)
    for kind, name in job_request_names().items():
        spec.components.schema(name, schema=REQUEST_SCHEMAS[kind])
    spec.components.schema(JOB_REQUEST, job_request_union())


def refine(schemas: dict[str, Any]) -> None:
    """Complete the schemas of a document in place. Safe to repeat."""
    for name, members in ALWAYS.items():
        family_names = [f"{family.title()}{name}" for family in _UNIONS.get(name, ())]
        for one in family_names or [name]:
            schemas[one]["required"] = sorted({*schemas[one].get("required", ()), *members})
    for name, families in _UNIONS.items():
        schemas[name] = _union(name, families)
    schemas["Job"]["properties"]["result"] = {"anyOf": [{"$ref": "#/components/schemas/JobResult"}, {"type": "null"}]}
    schemas["BatchItem"]["properties"]["job"] = {"$ref": f"#/components/schemas/{JOB_REQUEST}"}
    schemas.pop("WebhookData", None)  # of the plain body; each family has one of its own


def _union(name: str, families: Mapping[str, Any]) -> dict[str, Any]:
    suffix = name.removesuffix("Body")
    references = {family: f"#/components/schemas/{family.title()}{suffix}" for family in families}
    mapping = {kind: reference for family, reference in references.items() for kind in types_of(family)}
    return {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
