"""Callers with tokens of an identity provider that runs beside the test: discovery, keys, rotation, over real HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from service.api.signing_keys import UNKNOWN_SECONDS, SigningKeys, fetch
from tests.integration.api_kit import Api, cluster, running_api
from tests.oidc_kit import AUDIENCE, OTHER_RSA_KEY, Issuer


@contextmanager
def provider() -> Iterator[Issuer]:
    """Run an identity provider on loopback; its `also` and `keys` may change while it runs."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(issuer.document(self.path)).encode()
            self.send_response(302 if issuer.down else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}/realms/lab"
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An identity provider."""
    with provider() as one:
        yield one


@pytest.fixture
def api(redis_url: str, issuer: Issuer) -> Iterator[Api]:
    """An app that takes the provider's tokens beside its own keys."""
    settings = {
        "MATRYOSHKA_OIDC_ISSUER": issuer.url,
        "MATRYOSHKA_OIDC_AUDIENCE": AUDIENCE,
        "MATRYOSHKA_OIDC_SCOPES_CLAIM": "groups",
        "MATRYOSHKA_OIDC_SCOPE_MAP": "lab-users=jobs:read jobs:write audit:read,lab-admins=admin",
        "MATRYOSHKA_RATE_QUOTA": "50",
    }
    with running_api(redis_url, **settings) as one:
        yield one


def test_a_user_submits_with_a_token(api: Api, issuer: Issuer) -> None:
    """A token's user may do what his groups give, is counted by himself, and is named in the audit log."""
    token = issuer.token(time.time(), groups=["lab-users"])
    job = api.call("POST", "/v1/jobs", cluster(), key=token)
    refused = api.call("GET", "/v1/hosts", key=token)
    entries = api.call("GET", "/v1/audit?operation=submitJob", key=token).get_json()["items"]

    assert 202 == job.status_code
    assert job.headers["RateLimit"].startswith('"default";r=49')
    assert (403, "hosts:read") == (refused.status_code, refused.get_json()["required_scope"])
    assert 'error="insufficient_scope", scope="hosts:read"' in refused.headers["WWW-Authenticate"]
    assert [("oidc", "anna", "user-1")] == [
        (one["actor"]["kind"], one["actor"]["name"], one["actor"]["subject"]) for one in entries
    ]
    assert api.call("GET", "/v1/jobs").status_code == 200, "keys work beside tokens"


def test_a_tenant_that_nobody_made_has_no_callers(redis_url: str, issuer: Issuer) -> None:
    """A token's tenant must be one of this service's, whose quotas and isolation hold for its callers."""
    settings = {"MATRYOSHKA_OIDC_ISSUER": issuer.url, "MATRYOSHKA_OIDC_AUDIENCE": AUDIENCE}
    with running_api(redis_url, **settings, MATRYOSHKA_OIDC_TENANT_CLAIM="team") as api:
        token = issuer.token(time.time(), team="blue")
        refused = api.call("GET", "/v1/jobs", key=token)
        api.submitted()
        api.created("/v1/tenants", {"id": "blue"})
        taken = api.call("GET", "/v1/jobs", key=token)

    assert (401, "The token's tenant is not known here.") == (refused.status_code, refused.get_json()["detail"])
    assert (200, []) == (taken.status_code, taken.get_json()["items"])


def test_a_bad_token_is_challenged(api: Api, issuer: Issuer) -> None:
    """A refused token is a 401 with a challenge that says why, in the answer as in RFC 6750."""
    answer = api.call("GET", "/v1/jobs", key=issuer.token(time.time() - 3600, groups=["lab-users"]))

    assert (401, "The token has expired.") == (answer.status_code, answer.get_json()["detail"])
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="matryoshka", error="invalid_token", error_description="The token has expired."'
    )


def test_a_token_is_no_api_key(api: Api, issuer: Issuer) -> None:
    """A token counts in `Authorization: Bearer` only."""
    token = issuer.token(time.time(), groups=["lab-admins"])

    answer = api.app.test_client().get("/v1/jobs", headers={"X-API-Key": token})
    assert 401 == answer.status_code


def test_keys_rotate(issuer: Issuer) -> None:
    """A key that the provider publishes anew is fetched when a token names it, and an old one is forgotten."""
    now = [0.0]
    keys = SigningKeys(issuer.url, fetch, lambda: now[0])
    assert keys.find("k1", "RS256")
    issuer.keys = {"k2": ("RS256", OTHER_RSA_KEY)}

    assert keys.find("k2", "RS256") is None, "not at once: made-up keys would hammer the provider"
    now[0] += UNKNOWN_SECONDS
    assert keys.find("k2", "RS256")
    assert keys.find("k1", "RS256") is None


def test_a_provider_that_is_away_is_a_503(api: Api, issuer: Issuer) -> None:
    """While no keys can be had a token is neither good nor bad: try again. Redirects are not followed."""
    issuer.down = True
    answer = api.call("GET", "/v1/jobs", key=issuer.token(time.time(), groups=["lab-users"]))

    assert (503, True, "10") == (answer.status_code, answer.get_json()["retryable"], answer.headers["Retry-After"])
    assert api.call("GET", "/v1/jobs").status_code == 200


def test_tokens_are_in_no_log(api: Api, issuer: Issuer, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a good nor a bad token is written anywhere."""
    tokens = [issuer.token(time.time(), groups=["lab-users"]), issuer.token(time.time(), aud="canary")]
    for token in tokens:
        api.call("POST", "/v1/jobs", {}, key=token)
    api.store.audit.seal()
    written = capsys.readouterr()
    text = written.out + written.err + "".join(api.store.audit.lines())

    assert "request_finished" in text
    for token in tokens:
        assert not [part for part in token.split(".") if part in text]
