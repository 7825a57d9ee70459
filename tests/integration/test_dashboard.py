"""The dashboard's pages without a browser: who gets in, what they may do, what a page may load."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from service.api.sessions import COOKIE, IDLE_SECONDS, LONGEST_SECONDS
from service.ledger.store import StepResult
from service.ui.pages import POLICY
from tests.integration.api_kit import Api, cluster, running_api

HOSTILE = "<script>alert(1)</script>"
PAGES = ("/jobs", "/labs", "/hosts", "/webhooks", "/new", "/new/nested_cluster", "/images", "/hosts/add", "/keys")


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


@pytest.fixture
def browser(api: Api) -> Client:
    """Somebody who is logged in as an administrator."""
    return _logged_in(api, api.key)


def _logged_in(api: Api, key: str) -> Client:
    client = api.app.test_client()
    answer = client.post("/login", data={"key": key})
    assert answer.status_code == 302, answer.text
    return client


def _token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def _sent(client: Client, path: str, **form: str) -> TestResponse:
    return client.post(path, data={"csrf_token": _token(client.get("/new")), **form})


def test_without_a_session_every_page_leads_to_the_log_in(api: Api) -> None:
    """A stranger sees nothing, and comes back to where he wanted to go."""
    for page in (*PAGES, "/", "/jobs/job_x", "/jobs/job_x/live", "/labs/lab_x", "/hosts/host_x", "/audit"):
        answer = api.app.test_client().get(page)
        assert answer.status_code == 302, page
        assert answer.headers["Location"].startswith("/login?next="), page
    assert api.app.test_client().post("/jobs/job_x/cancel").status_code == 302


def test_a_bad_key_does_not_get_in(api: Api) -> None:
    """The log-in refuses with 401, sets no cookie and does not repeat what was typed."""
    answer = api.app.test_client().post("/login", data={"key": "mk_wrong<b>"})

    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert "mk_wrong" not in answer.text


def test_the_cookie_is_for_this_site_and_no_script(api: Api) -> None:
    """HttpOnly, SameSite=Strict, Secure over TLS; neither the key nor the cookie's value stands in Redis."""
    client = api.app.test_client()
    plain = client.post("/login", data={"key": api.key}).headers["Set-Cookie"]
    secure = client.post("/login", data={"key": api.key}, base_url="https://lab.example").headers["Set-Cookie"]
    value = plain.split("=", 1)[1].split(";")[0]
    kept = str([(key, api.store.client.get(key)) for key in api.store.client.keys("*session*")])

    assert "HttpOnly" in plain
    assert "SameSite=Strict" in plain
    assert "Secure" in secure
    assert value not in kept
    assert api.key not in kept


@pytest.mark.parametrize("wanted", ["//evil.example/", "https://evil.example", "/\\evil.example"])
def test_the_log_in_leads_to_pages_of_ours_only(api: Api, wanted: str) -> None:
    """What `next` names is followed within this site only."""
    assert api.app.test_client().post("/login", data={"key": api.key, "next": wanted}).headers["Location"] == "/jobs"


def test_pages_load_nothing_from_elsewhere(api: Api, browser: Client) -> None:
    """Each page has the strict policy, is kept by no cache, and has no inline script or style."""
    job = api.submitted(cluster())
    for page in (*PAGES, f"/jobs/{job['id']}", f"/labs/{job['lab_id']}", f"/hosts/{job['host_id']}", "/login"):
        answer = browser.get(page, follow_redirects=True)
        assert answer.status_code == 200, page
        assert answer.headers.getlist("Content-Security-Policy") == [POLICY], page
        assert answer.headers["Cache-Control"] == "no-store"
        # Anything stricter makes browsers send our own forms with `Origin: null`, which is refused.
        assert answer.headers.getlist("Referrer-Policy") == ["same-origin"]
        foreign = r'<script(?![^>]*\ssrc="/ui/)|<style|\sstyle=|\son\w+=|(src|href|action)="(https?:)?//'
        assert not re.search(foreign, answer.text), page
    assert "unsafe" not in POLICY
    api.cancelled(job)


def test_a_session_ends(api: Api) -> None:
    """Log out, a revoked key, and a day ends it; each use prolongs an idle one."""
    client = _logged_in(api, api.key)
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    assert _sent(client, "/logout").headers["Location"] == "/login"
    client.set_cookie(COOKIE, cookie.value)
    assert client.get("/jobs").status_code == 302

    other = _logged_in(api, api.make_key("jobs:read"))
    for key in api.store.client.keys("*session*"):
        assert 0 < api.store.client.ttl(key) <= IDLE_SECONDS
    session = api.store.client.keys("*session*")[-1]
    text = api.store.client.get(session)
    old = re.sub(r'"created_at": [0-9.]+', f'"created_at": {time.time() - LONGEST_SECONDS - 1}', text)
    for key in api.store.client.keys("*session*"):
        api.store.client.set(key, old)
    assert other.get("/jobs").status_code == 302


def test_a_revoked_key_ends_its_sessions(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is logged in with a key that is taken away is out as soon as the API stops taking the key."""
    key = api.make_key("jobs:read")
    client = _logged_in(api, key)
    assert client.get("/jobs").status_code == 200

    for one in api.store.keys.list():
        if one.scopes == ("jobs:read",):
            api.store.keys.delete(one.id)
    api.context.ring._known.clear()  # what is remembered for three seconds

    assert client.get("/jobs").status_code == 302


def test_a_form_of_another_site_does_nothing(api: Api, browser: Client) -> None:
    """Without the session's token, or with another site's Origin, a button changes nothing."""
    job = api.submitted(cluster())
    path = f"/jobs/{job['id']}/cancel"

    assert browser.post(path).status_code == 403
    assert browser.post(path, data={"csrf_token": "x"}).status_code == 403
    assert browser.post(path, data={"csrf_token": "ü²"}).status_code == 403
    token = _token(browser.get("/new"))
    evil = {"Origin": "https://evil.example"}
    assert browser.post(path, data={"csrf_token": token}, headers=evil).status_code == 403
    assert api.call("GET", f"/v1/jobs/{job['id']}").get_json()["state"] == "queued"
    assert browser.post(path, data={"csrf_token": token}, headers={"Origin": "http://localhost"}).status_code == 302
    assert api.call("GET", f"/v1/jobs/{job['id']}").get_json()["state"] == "cancelled"


def test_a_page_lets_do_what_the_key_lets_do(api: Api) -> None:
    """A key that may only read gets the API's own refusal, as a page; a cookie alone changes nothing in the API."""
    job = api.submitted(cluster())
    client = _logged_in(api, api.make_key("jobs:read"))

    assert client.get(f"/jobs/{job['id']}").status_code == 200
    refused = _sent(client, f"/jobs/{job['id']}/cancel")
    assert refused.status_code == 403
    assert "jobs:write" in refused.text
    assert refused.mimetype == "text/html"
    denied = len(_denied(api))
    assert client.get("/jobs").status_code == 200
    assert client.get(f"/jobs/{job['id']}/live").status_code == 200
    assert len(_denied(api)) == denied, "a page that is shown leaves no refusal in the audit log"
    assert client.get("/keys").status_code == 403
    assert len(_denied(api)) == denied + 1
    assert client.post(f"/v1/jobs/{job['id']}:cancel").status_code == 401
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 200
    api.cancelled(job)


def test_the_audit_log_is_shown(api: Api, browser: Client) -> None:
    """Who changed what, newest first; a filter that finds nothing says so."""
    job = api.submitted(cluster())
    api.cancelled(job)
    page = browser.get("/audit")

    assert page.status_code == 200
    assert page.text.index("cancelJob") < page.text.index("submitJob")
    assert job["id"][-8:] in page.text
    assert "Nothing yet." in browser.get("/audit?operation=deleteLab").text


def test_a_host_shows_who_holds_what(api: Api, browser: Client) -> None:
    """Names that a job has for itself stand on its host's page, with a way to the job."""
    job = api.submitted(cluster())
    page = browser.get(f"/hosts/{job['host_id']}").text

    assert "vm:nest-1" in page
    assert f'href="/jobs/{job["id"]}"' in page
    assert "Nobody waits." in page
    api.cancelled(job)
    assert "Nothing is locked." in browser.get(f"/hosts/{job['host_id']}").text


def test_a_plan_says_why_this_host(browser: Client) -> None:
    """A request that names no host shows the candidates and what spoke for the one that was chosen."""
    plan = _sent(
        browser,
        "/new/nested_host",
        **{
            "/host/label": "purpose=lab",
            "/node/image/name": "ws2022",
            "/network/switch/kind": "internal",
            "/network/switch/name": "x",
            "/network/subnet": "10.1.1.0/24",
        },
    )

    assert plan.status_code == 200, plan.text
    assert "Why this host" in plan.text


def test_a_job_is_steered_from_its_page(api: Api, browser: Client) -> None:
    """Each state has its buttons: approve or reject, pause, go on, cancel, retry; each does what it says."""

    def state_of(job: dict[str, Any]) -> str:
        return str(api.call("GET", f"/v1/jobs/{job['id']}").get_json()["state"])

    gated = api.submitted(cluster(approval={"required": True}))
    assert "Approve</button>" in browser.get(f"/jobs/{gated['id']}").text
    for verb, state in (
        ("approve", "queued"),
        ("pause", "paused"),
        ("resume", "queued"),
        ("cancel", "cancelled"),
        ("retry", "queued"),
    ):
        assert _sent(browser, f"/jobs/{gated['id']}/{verb}").status_code == 302, verb
        assert state_of(gated) == state, verb
    api.cancelled(gated)
    refused = api.submitted(cluster(approval={"required": True}))
    assert _sent(browser, f"/jobs/{refused['id']}/reject", reason="not today").status_code == 302
    assert state_of(refused) == "cancelled"


def _denied(api: Api) -> list[Any]:
    return list(api.call("GET", "/v1/audit?outcome=denied&limit=200").get_json()["items"])


@pytest.mark.parametrize("hours", ["", "x", "²", "-1", "1" * 5000, "999999999"])
def test_a_lease_that_is_none_is_refused_as_a_page(api: Api, browser: Client, hours: str) -> None:
    """Whatever is typed into the field of the lease, the answer is a page that says what is wrong, never a failure."""
    job = api.submitted(cluster())
    answer = _sent(browser, f"/labs/{job['lab_id']}/extend", hours=hours, etag="*")

    assert answer.status_code == 422, answer.text
    assert "#/lease_seconds" in answer.text
    api.cancelled(job)


class _Tags(HTMLParser):
    """Counts the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs))


def test_a_hostile_name_is_only_a_name(api: Api, browser: Client) -> None:
    """A name with markup, in every text that callers can choose, adds no element to any page."""
    host = api.created(
        "/v1/hosts",
        {
            "name": f"h{HOSTILE}",
            "address": "192.0.2.77",
            "username": "A",
            "password": {"ref": "env:MATRYOSHKA_SECRET_X"},
        },
    )
    endpoint = api.created("/v1/webhook-endpoints", {"url": "https://example.org/%3Cscript%3E", "description": HOSTILE})
    job = api.submitted({"kind": "inspect_host", "host": {"id": host["id"]}})
    pages = (
        f"/jobs/{job['id']}",
        f"/hosts/{host['id']}",
        "/hosts",
        "/jobs",
        "/webhooks",
        f"/webhooks/{endpoint['id']}",
        f"/jobs?label={HOSTILE}=x",
        f"/jobs/{HOSTILE}",
        f"/new/{HOSTILE}",
        f"/login?next=/{HOSTILE}",
    )
    for page in pages:
        answer = browser.get(page, follow_redirects=True)
        tags = _Tags()
        tags.feed(answer.text)
        # What no page answers is a problem, which browsers do not read as HTML (nosniff).
        assert answer.mimetype != "text/html" or all(one.get("src") == "/ui/live.js" for one in tags.scripts), page
    assert "&lt;script&gt;" in browser.get("/hosts").text
    form = _sent(browser, "/new/inspect_host", **{"/host/name": HOSTILE, "/labels": f"{HOSTILE}=1"})
    tags = _Tags()
    tags.feed(form.text)
    assert form.status_code == 422
    assert tags.scripts == []
    api.cancelled(job)


def test_a_job_from_the_form_is_planned_and_sent_once(api: Api, browser: Client) -> None:
    """The form shows the plan first; sending it twice makes one job."""
    fields = {"/host/id": api.hosts[0]}
    plan = _sent(browser, "/new/inspect_host", **fields)
    assert plan.status_code == 200
    assert "plan-graph" in plan.text
    once = re.search(r'name="once" value="([^"]+)"', plan.text)
    assert once

    first = _sent(browser, "/new/inspect_host", **fields, send="yes", once=once[1])
    again = _sent(browser, "/new/inspect_host", **fields, send="yes", once=once[1])

    assert first.status_code == 302
    assert first.headers["Location"] == again.headers["Location"]
    page = browser.get(first.headers["Location"])
    assert "inspect host" in page.text.lower()
    api.cancelled({"id": first.headers["Location"].rsplit("/", 1)[1]})


def test_a_refused_form_keeps_what_was_filled_in(browser: Client) -> None:
    """The API's errors stand at their fields, and nothing has to be typed twice but secrets."""
    answer = _sent(
        browser,
        "/new/nested_cluster",
        **{"/nodes/count": "65", "/nodes/name_prefix": "abc", "/guest/password": "s3cret-x"},
    )

    assert answer.status_code == 422
    assert 'id="f-nodes-count-why"' in answer.text
    assert 'value="abc"' in answer.text
    assert "s3cret-x" not in answer.text


def test_a_host_shows_its_last_test(api: Api, browser: Client) -> None:
    """The button tests the host; its page lists the checks, and of the one that failed why and what to run there."""
    host_id, store = api.hosts[0], api.context.store
    assert _sent(browser, f"/hosts/{host_id}/test").status_code == 302
    fact = {"outcome": "failed", "code": "NAME_UNKNOWN", "detail": "nobody <knows> it", "remedy": "Register it."}
    claim = store.leases.claim("w1", 60)
    assert claim is not None
    facts = {"check.name": fact | {"commands": ["Register-DnsClient"], "warnings": []}}
    store.leases.finish(claim, StepResult("failed", facts=facts, error={"code": "NAME_UNKNOWN"}))

    page = browser.get(f"/hosts/{host_id}").text
    assert "nobody &lt;knows&gt; it" in page
    assert "<pre><code>Register-DnsClient</code></pre>" in page
    assert page.count("not reached") == 6


def test_events_are_streamed_to_a_browser(api: Api, browser: Client) -> None:
    """The cookie opens the event stream of a job, which a stranger does not get."""
    job = api.submitted({"kind": "inspect_host", "host": {"id": api.hosts[0]}})
    api.cancelled(job)
    accept = {"Accept": "text/event-stream"}

    answer = browser.get(f"/v1/jobs/{job['id']}/events", headers=accept)
    assert answer.status_code == 200
    assert "event: job.cancelled" in answer.text
    assert api.app.test_client().get(f"/v1/jobs/{job['id']}/events", headers=accept).status_code == 401


def test_static_files_are_conditional_and_few(api: Api) -> None:
    """The style sheet and the module are served with an ETag; no other file is."""
    client = api.app.test_client()
    first = client.get("/ui/matryoshka.css")

    assert first.status_code == 200
    assert client.get("/ui/matryoshka.css", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert client.get("/ui/frame.html").status_code == 404
    assert client.get("/ui/..%2ftemplates%2fframe.html").status_code == 404
