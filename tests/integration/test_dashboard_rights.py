"""The dashboard of a key of few scopes: no button and no page that it may not use, and none withheld that it may."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import Client

from tests.integration.api_kit import Api, cluster, running_api

NAVIGATION = {
    "jobs:read": {"/jobs", "/labs"},
    "hosts:read": {"/hosts", "/images"},
    "webhooks:write": {"/webhooks"},
    "audit:read": {"/audit"},
    "admin": {"/jobs", "/labs", "/hosts", "/images", "/webhooks", "/keys", "/audit"},
}


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def _with(api: Api, *scopes: str) -> Client:
    client = api.app.test_client()
    assert client.post("/login", data={"key": api.make_key(*scopes)}).status_code == 302
    return client


def _targets(page: str) -> set[str]:
    """Return where the forms of a page are sent."""
    return {one.rsplit("/", 1)[1] for one in re.findall(r'<form method="post" action="([^"]+)"', page)} - {"logout"}


@pytest.mark.parametrize("scope", NAVIGATION)
def test_the_pages_that_a_key_may_see_are_offered(api: Api, scope: str) -> None:
    """The log-in leads to a page that the key may see, and so does every entry of the navigation."""
    client = _with(api, scope)
    first = client.get("/jobs", follow_redirects=True)
    offered = set(re.findall(r'<a href="(/[a-z]+)"', first.text.partition("</nav>")[0]))

    assert first.status_code == 200
    assert offered == NAVIGATION[scope]
    assert [200] * len(offered) == [client.get(path).status_code for path in sorted(offered)]
    assert ('href="/new"' in first.text) == (scope == "admin")


def test_a_reader_gets_no_buttons(api: Api) -> None:
    """A key that may only read jobs and hosts sees no form and no link that leads to a refusal."""
    job = api.submitted(cluster())
    pages = [f"/jobs/{job['id']}", f"/jobs/{job['id']}/live", f"/labs/{job['lab_id']}", f"/hosts/{job['host_id']}"]
    reader, writer = _with(api, "jobs:read", "hosts:read"), _with(api, "jobs:read", "jobs:write")

    for path in [*pages, "/hosts", "/images", "/labs"]:
        page = reader.get(path)
        assert (200, set()) == (page.status_code, _targets(page.text)), path
        assert not re.search(r'href="/(new|hosts/add|images/add)"', page.text), path
    assert {"pause", "cancel"} == _targets(writer.get(pages[0]).text)
    assert 'href="/hosts/' not in writer.get(pages[0]).text
    api.cancelled(job)
    assert {"retry"} == _targets(writer.get(pages[0]).text)
    assert set() == _targets(reader.get(pages[0]).text)


def test_an_approver_gets_the_buttons_of_an_approval(api: Api) -> None:
    """Approve and reject are for the scope jobs:approve; to cancel is not."""
    job = api.submitted(cluster(approval={"required": True}))

    assert {"approve", "reject"} == _targets(_with(api, "jobs:read", "jobs:approve").get(f"/jobs/{job['id']}").text)
    assert {"cancel"} == _targets(_with(api, "jobs:read", "jobs:write").get(f"/jobs/{job['id']}").text)
    api.cancelled(job)


def test_a_host_is_shown_to_who_may_not_see_jobs(api: Api) -> None:
    """Who adds hosts sees them, can have them inspected, and is led to no page that refuses him."""
    client = _with(api, "hosts:read", "hosts:write")
    path = f"/hosts/{api.hosts[0]}"
    page = client.get(path)

    assert (200, {"inspect", "test"}) == (page.status_code, _targets(page.text))
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    begun = client.post(f"{path}/inspect", data={"csrf_token": token[1]}, follow_redirects=True)
    assert (200, path) == (begun.status_code, begun.request.path)
    assert 'href="/jobs/' not in begun.text
