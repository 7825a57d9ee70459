"""Rate limits over HTTP: RateLimit fields on every answer to a key, 429 beyond the quota."""

from __future__ import annotations

import re

from tests.integration.api_kit import running_api


def test_fields_and_429(redis_url: str) -> None:
    """A key is told its policy and what is left; beyond it, 429 with the problem type of the draft and Retry-After."""
    with running_api(redis_url, MATRYOSHKA_RATE_QUOTA="5", MATRYOSHKA_RATE_SECONDS="3600") as api:
        other = api.make_key("jobs:read")  # the admin key has made two requests: a host and an image
        answers = [api.call("GET", "/v1/jobs") for _ in range(4)]

        assert [200, 200, 200, 429] == [one.status_code for one in answers]
        assert {'"default";q=5;w=3600'} == {one.headers["RateLimit-Policy"] for one in answers}
        left = [re.fullmatch(r'"default";r=(\d+);t=(\d+)', one.headers["RateLimit"]) for one in answers]
        assert ["2", "1", "0", "0"] == [match[1] for match in left if match]
        problem = answers[-1].get_json()
        assert "https://iana.org/assignments/http-problem-types#quota-exceeded" == problem["type"]
        assert (["default"], True) == (problem["violated-policies"], problem["retryable"])
        last = left[-1]
        assert last is not None
        assert int(answers[-1].headers["Retry-After"]) >= int(last[2]) > 0
        assert 200 == api.call("GET", "/v1/jobs", key=other).status_code
        assert 403 == api.call("GET", "/v1/hosts", key=other).status_code
        assert "RateLimit" in api.call("GET", "/v1/hosts", key=other).headers
        assert "RateLimit" not in api.call("GET", "/healthz").headers


def test_no_limit(redis_url: str) -> None:
    """With a quota of 0 nothing is counted and nothing said."""
    with running_api(redis_url, MATRYOSHKA_RATE_QUOTA="0") as api:
        found = api.call("GET", "/v1/jobs")

        assert (200, False) == (found.status_code, "RateLimit" in found.headers)
        assert [] == api.store.client.keys("*rate*")
