"""What the dashboard says when something is wrong: in words, as a page, and without losing what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import redis
from werkzeug.test import Client

from tests.integration.api_kit import Api, running_api

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


@pytest.fixture
def browser(api: Api) -> Client:
    """Somebody who is logged in as an administrator."""
    client = api.app.test_client()
    assert client.post("/login", data={"key": api.key}).status_code == 302
    return client


@pytest.mark.parametrize(("path", "status"), [("/jbos", 404), ("/logout", 405), ("/jobs/job_x/cancel", 405)])
def test_an_address_that_is_no_page_is_answered_by_one(browser: Client, path: str, status: int) -> None:
    """A browser gets a page that leads on; a program, and whoever asks the API, gets problem+json."""
    page = browser.get(path, headers=HTML)

    assert (status, "text/html") == (page.status_code, page.mimetype)
    assert 'href="/"' in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "application/problem+json" == browser.get(path, headers={"Accept": "*/*"}).mimetype
    assert "application/problem+json" == browser.get(f"/v1{path}", headers=HTML).mimetype


def test_a_ledger_that_is_away_is_told_in_words(api: Api, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page can be made without the ledger; the browser is told so, and when to come again."""

    def away(*_: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(api.store.sessions, "find", away)
    page = browser.get("/jobs", headers=HTML)

    assert (503, "text/html") == (page.status_code, page.mimetype)
    assert "The ledger cannot be reached now." in page.text
    assert page.headers["Retry-After"]


def test_a_filter_that_cannot_be_used_says_why(browser: Client) -> None:
    """The page names the parameter and what it has to look like."""
    assert "A label is given as name=value." in browser.get("/jobs?label=blue").text


def test_a_key_that_is_refused_keeps_what_was_typed(browser: Client) -> None:
    """A key without scopes is not made; name, tenant and what was ticked stay in the form."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/new").text)
    assert token
    none = browser.post("/keys", data={"csrf_token": token[1], "name": "po<rtal", "tenant": "blue"})
    bad = browser.post("/keys", data={"csrf_token": token[1], "name": "x", "tenant": "NO PE", "scopes": "jobs:read"})

    assert (422, 422) == (none.status_code, bad.status_code)
    assert "#/scopes" in none.text
    assert 'value="po&lt;rtal"' in none.text
    assert 'value="blue"' in none.text
    assert re.findall(r'value="([a-z:]+)" checked', bad.text) == ["jobs:read"]


def test_a_host_that_takes_no_lab_says_so(api: Api, browser: Client) -> None:
    """Cordoned and unreachable stand beside the host's name: who wonders why nothing is placed there sees it."""
    path = f"/v1/hosts/{api.hosts[0]}"
    assert "cordoned" not in browser.get("/hosts").text
    etag = api.call("GET", path).headers["ETag"]
    assert 200 == api.call("PATCH", path, {"schedulable": False}, If_Match=etag).status_code

    assert "cordoned" in browser.get("/hosts").text
    assert "cordoned" in browser.get(f"/hosts/{api.hosts[0]}").text


def test_a_secret_that_is_not_repeated_is_asked_for(browser: Client) -> None:
    """Who changes a plan is told that the password is to be typed again; an empty field would mean another password."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/new").text)
    assert token
    typed = {"csrf_token": token[1], "change": "yes", "/guest/password": "Only-In-The-Form-9"}
    form = browser.post("/new/nested_host", data=typed).text

    assert 1 == form.count("Type it again")
    assert "Only-In-The-Form-9" not in form
    assert "Type it again" not in browser.get("/new/nested_host").text
