"""What tests of tenants share: one host, two tenants on it, and what each of them has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from service.ledger.store import Quotas, StepOutcome, StepResult, Tenant
from tests.integration.api_kit import Api, cluster, running_api

SCOPES = ("jobs:read", "jobs:write", "jobs:approve", "hosts:read", "hosts:write", "webhooks:write")


@dataclass
class Party:
    """One tenant with a key that may do all but administer."""

    api: Api
    tenant: str
    key: str
    names: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Call the API with this tenant's key."""
        return self.api.call(method, path, body, key=self.key, **headers)

    def items(self, path: str) -> list[dict[str, Any]]:
        """Return the items of a list that must be answered."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.get_json()["items"]
        return found

    def build(self, name: str, **headers: str) -> dict[str, Any]:
        """Submit a cluster whose names are its own."""
        answer = self.call("POST", "/v1/jobs", request_for(name), **headers)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def endpoint(self, **changes: Any) -> dict[str, Any]:
        """Add a webhook endpoint."""
        answer = self.call("POST", "/v1/webhook-endpoints", {"url": f"https://{self.tenant}.example/hook", **changes})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.get_json()
        return found


@dataclass
class Parties:
    """Two tenants, a key of the default one, and an operator: the key of the app itself."""

    api: Api
    blue: Party
    red: Party
    default: Party

    def finish_all(self, report: Mapping[str, Any] | None = None) -> None:
        """Play the worker until nothing is left to do; a host is found as in `report`."""
        while claim := self.api.store.leases.claim("worker-1", 60):
            node = claim.step["node"]
            facts: dict[str, Any] = {f"node.{node}.vm_id": f"vm-{node}"} if claim.step["action"] == "CreateNode" else {}
            found = report if claim.step["action"] == "InspectHost" else None
            facts |= {"host.report": found} if found else {}
            result = StepResult(StepOutcome.SUCCEEDED, facts=facts, host_report=found)
            assert self.api.store.leases.finish(claim, result)


def request_for(name: str) -> dict[str, Any]:
    """Return a request for a cluster of three nodes with names of its own."""
    body = cluster()
    return body | {"cluster": body["cluster"] | {"name": f"{name}-cl"}, "nodes": body["nodes"] | {"name_prefix": name}}


def party(api: Api, tenant: str, **quotas: int) -> Party:
    """Add a tenant with a key."""
    if tenant != "default":
        api.store.tenants.put(Tenant(tenant, quotas=Quotas(**quotas)))
    return Party(api, tenant, api.make_key(*SCOPES, tenant=tenant))


@contextmanager
def two_tenants(redis_url: str) -> Iterator[Parties]:
    """Yield two tenants on one host."""
    with running_api(redis_url) as api:
        yield Parties(api, party(api, "blue"), party(api, "red"), party(api, "default"))
