"""The whole API against its own OpenAPI document: what schemathesis makes up is answered as the document promises.

More than 2,000 examples: every operation by itself, with well-formed and with broken requests, and walks along the
document's links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from service.api.openapi import openapi_document
from tests.integration.api_kit import HOST, Api, cluster, running_api

EXAMPLES, EXAMPLES_OF_JOBS = 20, 8
WALKS, STEPS = 30, 20
LEAST_LINKS = 12  # of some seventy; which ones, hypothesis chooses
LEAST = 2_000
_ANY_TEXT = {"$ref": "#/components/parameters/IfNoneMatch"}
OPERATIONS = [
    (path, method, mode)
    for path, item in openapi_document()["paths"].items()
    for method in sorted(item.keys() - {"parameters"})
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
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

load_all_checks()
# Bodies of all job kinds take long to make up.
_LARGE = {("/v1/jobs", "post"), ("/v1/jobs:plan", "post"), ("/v1/jobs:batch", "post")}
# A batch answers 200 for an item that it refuses: the refusal is in the item's own result.
_EXCLUDED = {"/v1/jobs:batch": [positive_data_acceptance, negative_data_rejection]}


@dataclass
class Subject:
    """One app with its document, read once, and what was asked of it: examples by operation, steps by link."""

    api: Api
    schema: Any
    examples: Counter[str] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)
    done: set[tuple[str, str, GenerationMode]] = field(default_factory=set)

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.api.key}"}

    def begin_anew(self) -> None:
        """Forget everything but a key, a host and an image."""
        self.api.store.client.flushdb()
        self.api.key = self.api.make_key("admin")
        self.api.furnish()

    def known(self) -> dict[str, str]:
        """Make one resource of each sort, in an empty ledger; return their ids by the name of the path parameter.

        Tests run in any order, and one of them deletes the image.
        """
        self.begin_anew()
        host = self.api.created("/v1/hosts", {**HOST, "name": "hv-known"})["id"]
        job = self.api.submitted(cluster(host={"id": host}))
        endpoint = self.api.created("/v1/webhook-endpoints", {"url": "https://example.org/hook"})["id"]
        return {
            "job_id": job["id"],
            "lab_id": job["lab_id"],
            "host_id": host,
            "image_id": self.api.call("GET", "/v1/images").get_json()["items"][0]["id"],
            "endpoint_id": endpoint,
            "delivery_id": self.api.call("POST", f"/v1/webhook-endpoints/{endpoint}:ping").get_json()["id"],
        }


@pytest.fixture(scope="module")
def subject(file_url: str) -> Iterator[Subject]:
    """One app for all of them, that lets nobody wait and stops nobody, in a database of its own."""
    with running_api(file_url, MATRYOSHKA_WAIT_CAP="0", MATRYOSHKA_RATE_QUOTA="1000000") as api:
        one = Subject(api, schemathesis.openapi.from_wsgi("/openapi.json", api.app))
        yield one
    # Tests run in any order, so the count of the whole file is taken here.
    if len(one.done) == len(OPERATIONS) and one.followed:
        assert sum(one.examples.values()) >= LEAST, f"only {sum(one.examples.values())} examples"


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_api_keeps_its_promise(subject: Subject, path: str, method: str, mode: GenerationMode) -> None:
    """Statuses, media types, headers and bodies are those of the document, and nothing made up is a server error.

    Well-formed requests may be refused for what they name (an unknown host, another's cursor), so the acceptance of
    well-formed data is not checked here.
    """
    operation = subject.schema[path][method]
    known = subject.known() if "{" in path else {}

    @settings(BOUNDS, max_examples=EXAMPLES_OF_JOBS if (path, method) in _LARGE else EXAMPLES)
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            # Made-up ids are all unknown: these lead past the 404.
            case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        case.call_and_validate(headers=subject.headers, excluded_checks=_EXCLUDED.get(path, [positive_data_acceptance]))
        subject.examples[f"{method} {path}"] += 1

    run()
    subject.done.add((path, method, mode))


def test_links_lead_on(subject: Subject) -> None:
    """Walks along the links of answers, from what was made to what can be done with it, keep every promise too.

    What is submitted names a host that is there: made-up hosts would end each walk at its first step.
    """
    machine = subject.schema.as_state_machine()

    class Walk(machine):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            # The same walk must find the same state, or hypothesis cannot tell one from another.
            subject.begin_anew()
            self.submitted = 0

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": subject.headers}

        def before_call(self, case: Any) -> None:
            if case.operation.definition.raw["operationId"] == "submitJob" and isinstance(case.body, dict):
                self.submitted += 1
                case.body = cluster(host={"id": subject.api.hosts[-1]}, **_own_names(self.submitted))

        def step(self, input: Any) -> Any:  # noqa: A002 - the library's word
            found = super().step(input)
            subject.examples["links"] += 1
            if input.transition is not None:
                subject.followed[input.transition.id] += 1
            return found

        def validate_response(self, response: Any, case: Any, *rest: Any, **named: Any) -> None:
            # Each operation's own test asks it without a key; here the check does not see the key that was sent.
            beside = [positive_data_acceptance, negative_data_rejection, ignored_auth]
            case.validate_response(response, excluded_checks=beside, transport_kwargs=named)

    Walk.run(settings=settings(BOUNDS, max_examples=WALKS, stateful_step_count=STEPS))

    # What was made was really gone on with, along the document's own links.
    followed = {link.split("] ")[1].split(" ->")[0] for link in subject.followed}
    assert len(followed) >= LEAST_LINKS
    # The library infers links of its own, with names in capitals; which of all it follows depends on the ids it finds.
    assert [name for name in followed if name[0].islower()], "no link that the document itself names"
    assert [name for name in followed if name.lower().startswith(("delete", "patch", "post", "update", "rotate"))]


def _own_names(number: int) -> dict[str, Any]:
    """Return members that make a cluster another one than those that were submitted before."""
    body = cluster()
    nodes, named = {**body["nodes"], "name_prefix": f"n{number}x"}, {**body["cluster"], "name": f"cl{number}"}
    return {"nodes": nodes, "cluster": named}
