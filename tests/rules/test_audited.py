"""Every operation that may change something leaves an entry in the audit log, or says here why not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.api.openapi import openapi_document
from tests.integration.api_kit import HOST, IMAGE, Api, cluster, running_api

CHANGING = {"post", "put", "patch", "delete"}
OPERATIONS = {
    operation["operationId"]
    for item in openapi_document()["paths"].values()
    for method, operation in item.items()
    if method in CHANGING
}
# Operations that change nothing, with the reason. What a press of a button does has its entry: see test_chat.py.
UNCHANGING = {
    "slackCommand": "a command is only asked back; but verify, whose entry is that of its job",
    "slackInteraction": "it needs a signature of Slack's; test_chat.py looks at its entries",
    "planJob": "it shows what a job would do and writes nothing",
}
HOOK = {"url": "https://example.test/hook", "types": ["*"]}


class Story:
    """An app, and what its operations need to be done upon."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def did(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call the API, with If-Match where it is asked for, and insist that it was done."""
        headers = {"If_Match": "*"} if method in ("PATCH", "DELETE") else {}
        answer = self.api.call(method, path, body, **headers)
        assert answer.status_code < 300, answer.text
        return dict(answer.get_json(silent=True) or {})

    @property
    def host(self) -> str:
        """The path of a host of its own."""
        return f"/v1/hosts/{self.did('POST', '/v1/hosts', HOST | {'name': 'another'})['id']}"

    @property
    def image(self) -> str:
        """The path of an image of its own."""
        return f"/v1/images/{self.did('POST', '/v1/images', IMAGE | {'name': 'another'})['id']}"

    @property
    def key(self) -> str:
        """The path of an API key."""
        return f"/v1/keys/{self.did('POST', '/v1/keys', {'name': 'x', 'scopes': ['jobs:read']})['id']}"

    @property
    def tenant(self) -> str:
        """The path of a tenant."""
        return f"/v1/tenants/{self.did('POST', '/v1/tenants', {'id': 'blue', 'name': 'Blue'})['id']}"

    @property
    def endpoint(self) -> str:
        """The path of a webhook endpoint."""
        return f"/v1/webhook-endpoints/{self.did('POST', '/v1/webhook-endpoints', HOOK)['id']}"

    @property
    def job(self) -> str:
        """The path of an unfinished job."""
        return f"/v1/jobs/{self.api.submitted()['id']}"

    def ended_job(self) -> str:
        """Return the path of a cancelled job."""
        path = self.job
        self.did("POST", f"{path}:cancel")
        return path

    def gated_job(self) -> str:
        """Return the path of a job that waits for an approval."""
        return f"/v1/jobs/{self.api.submitted(cluster(approval={'required': True}))['id']}"

    def resumed(self) -> None:
        """Pause a job and let it go on."""
        path = self.job
        self.did("POST", f"{path}:pause")
        self.did("POST", f"{path}:resume")

    def lab(self) -> str:
        """Return the path of a lab that something of is left."""
        job = self.api.submitted(cluster(on_cancel="keep"))
        assert self.api.store.leases.claim("w1", 60)
        self.did("POST", f"/v1/jobs/{job['id']}:cancel")
        assert self.api.store.leases.release_worker("w1") == 1
        return f"/v1/labs/{job['lab_id']}"

    def delivery(self) -> str:
        """Return the path of a webhook delivery."""
        return f"/v1/webhook-deliveries/{self.did('POST', f'{self.endpoint}:ping')['id']}"


INSPECT = {"kind": "inspect_host"}


def _redelivered(story: Story) -> None:
    path = story.endpoint
    story.did("POST", f"{path}:ping")
    claim = story.api.store.deliveries.claim("w1", 60)
    assert claim is not None
    story.api.store.client.hset(f"mk:delivery:{claim.delivery.id}", "state", "failed")
    story.api.store.client.hdel(f"mk:delivery:{claim.delivery.id}", "token")
    answer = story.did("POST", f"{path}:redeliver", {"since": "2020-01-01T00:00:00Z"})
    assert answer["redelivered"] == 1


DONE: dict[str, Callable[[Story], Any]] = {
    "submitJob": lambda story: story.job,
    "submitJobs": lambda story: story.did(
        "POST", "/v1/jobs:batch", {"items": [{"job": INSPECT | {"host": {"id": story.api.hosts[0]}}}]}
    ),
    "cancelJob": lambda story: story.did("POST", f"{story.job}:cancel"),
    "retryJob": lambda story: story.did("POST", f"{story.ended_job()}:retry"),
    "approveJob": lambda story: story.did("POST", f"{story.gated_job()}:approve"),
    "rejectJob": lambda story: story.did("POST", f"{story.gated_job()}:reject"),
    "pauseJob": lambda story: story.did("POST", f"{story.job}:pause"),
    "resumeJob": lambda story: story.resumed(),
    "amendJob": lambda story: story.did("PATCH", story.job, {"labels": {"rack": "7"}}),
    "extendLab": lambda story: story.did("PATCH", story.lab(), {"lease_seconds": 7200}),
    "deleteLab": lambda story: story.did("DELETE", story.lab()),
    "registerHost": lambda story: story.host,
    "updateHost": lambda story: story.did("PATCH", story.host, {"labels": {"rack": "7"}}),
    "deleteHost": lambda story: story.did("DELETE", story.host),
    "inspectHost": lambda story: story.did("POST", f"{story.host}:inspect"),
    "testHost": lambda story: story.did("POST", f"{story.host}:test"),
    "createImage": lambda story: story.image,
    "updateImage": lambda story: story.did("PATCH", story.image, {"labels": {"os": "ws"}}),
    "deleteImage": lambda story: story.did("DELETE", story.image),
    "createKey": lambda story: story.key,
    "rotateKey": lambda story: story.did("POST", f"{story.key}:rotate"),
    "deleteKey": lambda story: story.did("DELETE", story.key),
    "createTenant": lambda story: story.tenant,
    "updateTenant": lambda story: story.did("PATCH", story.tenant, {"name": "Blues"}),
    "createWebhookEndpoint": lambda story: story.endpoint,
    "updateWebhookEndpoint": lambda story: story.did("PATCH", story.endpoint, {"description": "x"}),
    "deleteWebhookEndpoint": lambda story: story.did("DELETE", story.endpoint),
    "rotateWebhookSecret": lambda story: story.did("POST", f"{story.endpoint}:rotate"),
    "pingWebhookEndpoint": lambda story: story.did("POST", f"{story.endpoint}:ping"),
    "redeliverWebhook": lambda story: story.did("POST", f"{story.delivery()}:redeliver"),
    "redeliverWebhooks": _redelivered,
}


@pytest.fixture
def story(redis_url: str) -> Iterator[Story]:
    """A furnished app with nothing in its audit log that is not linked yet."""
    with running_api(redis_url) as api:
        yield Story(api)


def test_every_changing_operation_is_looked_at() -> None:
    """A new operation needs a line in `DONE` that carries it out, or one in `UNCHANGING` with the reason."""
    assert set() == OPERATIONS - DONE.keys() - UNCHANGING.keys(), "say how it is done, in tests/rules/test_audited.py"
    assert set() == (DONE.keys() | UNCHANGING.keys()) - OPERATIONS
    assert all(UNCHANGING.values())


def test_every_change_leaves_an_entry(story: Story) -> None:
    """Each operation leaves an entry under its name, with caller, request and target."""
    wrong: list[str] = []
    for operation in sorted(DONE.keys() & OPERATIONS):
        _begin_anew(story.api)
        DONE[operation](story)
        story.api.store.audit.seal()
        entries = [json.loads(line) for line in story.api.store.audit.lines()]
        found = [entry for entry in entries if entry["operation"] == operation]
        if not found or not all(one["actor"]["id"] and one["request_id"] and one["target"] for one in found):
            wrong.append(operation)
    assert [] == wrong


def _begin_anew(api: Api) -> None:
    """Empty the ledger and furnish it again: one app for all operations, which is ten times as fast as one for each."""
    api.store.client.flushdb()
    api.hosts.clear()
    api.context.catalogue.forget()
    api.key = api.make_key("admin")
    api.furnish()
