"""The dashboard in a real browser. Skipped where there is no Chromium or no Playwright."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.browsing import ARGUMENTS, CHROMIUM, Way, images_folder, logged_in
from tests.e2e.driver import Driver

api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: requirements/browser.txt")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe: requirements/browser.txt")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: MATRYOSHKA_CHROMIUM or chromium on PATH"),
    pytest.mark.timeout(180),
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
_TWO_KINDS = ("inspect_host", "test_host")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests of this file."""
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, driver: Driver) -> Iterator[Any]:
    """A page of an administrator who is logged in. At the end the browser had nothing to complain about."""
    context = chromium.new_context(viewport=DESKTOP)
    found = logged_in(context, driver.stack.url, driver.stack.api_key)
    yield found
    complaints = [one for one in found.complaints if "net::ERR" not in one and "401" not in one]
    context.close()
    assert complaints == []


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Where screenshots go."""
    folder = images_folder(tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _ids(page: Any) -> list[str]:
    return [item.get_attribute("data-id") for item in page.locator("#events li").all()]


def test_a_job_from_the_form_to_the_torn_down_lab(page: Any, driver: Driver, images: Path) -> None:
    """Everything by mouse: fill in the form, see the plan, send, watch it live, see the proof, tear down."""
    page.get_by_role("link", name="New job").click()
    page.get_by_role("link", name=re.compile("^Nested cluster")).click()
    page.screenshot(path=images / "form.png")
    body = driver.cluster(count=2)
    fields = {
        "/nodes/count": "2",
        "/nodes/name_prefix": body["nodes"]["name_prefix"],
        "/cluster/name": body["cluster"]["name"],
        "/cluster/static_address": body["cluster"]["static_address"],
        "/network/subnet": body["network"]["subnet"],
        "/network/gateway": body["network"]["gateway"],
        "/network/switch/name": body["network"]["switch"]["name"],
        "/network/addresses": "",
    }
    for name, value in fields.items():
        page.locator(f'[name="{name}"]').fill(value)
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("heading", name="The plan").wait_for()
    page.screenshot(path=images / "plan.png")
    page.get_by_role("button", name="Build it").click()
    page.wait_for_url("**/jobs/job_*")
    job_id = page.url.rsplit("/", 1)[1]
    driver.submitted.append(job_id)
    page.get_by_role("heading", name="Running now").wait_for()
    page.screenshot(path=images / "job-running.png", full_page=True)
    page.locator("#live .state.succeeded").first.wait_for(timeout=90_000)
    page.get_by_text("The job has ended.").wait_for()
    assert page.locator(".cpu-levels .verdict.proven").count() == 4
    assert (
        page.locator(".plan-graph .step.succeeded, .plan-graph .step.skipped").count()
        == driver.job(job_id)["steps_total"]
    )
    page.screenshot(path=images / "job.png", full_page=True)
    assert _ids(page)[-200:] == [event["id"] for event in driver.events(job_id)][-len(_ids(page)[-200:]) :]

    page.locator(".facts a[href^='/labs/']").click()
    page.get_by_text("3 of 3 nodes up").or_(page.get_by_text("2 of 2 nodes up")).wait_for()
    page.screenshot(path=images / "lab.png", full_page=True)
    page.get_by_role("button", name="Tear down").click()
    page.wait_for_url("**/jobs/job_*")
    page.locator("#live .state.succeeded").first.wait_for(timeout=60_000)
    assert [vm for vm in driver.vms() if vm["name"].startswith(body["nodes"]["name_prefix"])] == []


def test_a_lost_connection_leaves_no_gap(chromium: Any, driver: Driver) -> None:
    """While the way to the API is cut the job goes on; afterwards the page has every event, once and in order."""
    with Way(driver.stack.url) as way:
        context = chromium.new_context(viewport=DESKTOP)
        page = logged_in(context, way.url, driver.stack.api_key)
        driver.clock(driver.stack.settings.clock / 10)  # or the job may end before the page is there
        try:
            job_id = driver.submit(driver.cluster(count=1, smoke_test={"enabled": False}))
            page.goto(f"{way.url}/jobs/{job_id}")
            page.get_by_text("Live.").wait_for()
            seen = driver.events(job_id)[-1]["id"]
            way.cut()
            page.get_by_text("The connection is lost").wait_for()
            driver.until(lambda: driver.events(job_id)[-1]["id"] != seen, 60, "an event that the page cannot see")
            driver.until(lambda: way.refused > 0, 60, "a try of the browser that finds no way")
            way.mend()
        finally:
            driver.clock(driver.stack.settings.clock)
        driver.wait(job_id, state="succeeded")
        page.get_by_text("The job has ended.").wait_for(timeout=60_000)
        shown = _ids(page)
        context.close()
    events = [event["id"] for event in driver.events(job_id)]
    assert way.refused > 0
    assert shown == events[-len(shown) :]
    assert seen in shown


def test_the_list_of_jobs_is_live(page: Any, driver: Driver) -> None:
    """A job that is submitted elsewhere appears in the list and ends there, by its filters, without a reload."""
    page.goto(f"{driver.stack.url}/jobs?kind=inspect_host")
    page.get_by_text("Live.").wait_for()
    page.evaluate("window.isTheSame = true")
    wanted, other = (driver.submit(driver.example(kind, host={"id": driver.stack.host_id})) for kind in _TWO_KINDS)

    row = page.locator("#live tbody tr", has_text=wanted[-8:])
    row.get_by_text("succeeded").wait_for(timeout=60_000)
    driver.wait(other, state="succeeded")
    assert page.locator("#live tbody tr", has_text=other[-8:]).count() == 0
    assert page.evaluate("window.isTheSame")


def test_a_refresh_that_is_refused_is_asked_again(page: Any, driver: Driver) -> None:
    """A page that was refused at the job's end (too many requests) asks again: no final state is missed."""
    job_id = driver.submit(driver.cluster(count=1, smoke_test={"enabled": False}))
    page.goto(f"{driver.stack.url}/jobs/{job_id}")
    page.get_by_text("Live.").wait_for()
    page.route("**/live", lambda route: route.fulfill(status=429, body="{}"))
    driver.wait(job_id, state="succeeded")
    page.get_by_text("The job has ended.").wait_for(timeout=60_000)
    page.wait_for_timeout(1_500)  # the refresh that the end asked for was refused, too
    page.unroute("**/live")
    page.locator("#live .state.succeeded").first.wait_for(timeout=20_000)
    page.complaints[:] = [one for one in page.complaints if "429" not in one]


def test_a_list_that_is_open_waits_without_asking(page: Any, driver: Driver) -> None:
    """While a reader chooses in a list the page stays as it is and asks for nothing; then it is up to date."""
    job_id = driver.submit(driver.cluster(count=1, smoke_test={"enabled": False}))
    page.goto(f"{driver.stack.url}/jobs/{job_id}")
    page.get_by_text("Live.").wait_for()
    page.locator("#on_cancel").focus()
    driver.wait(job_id, state="succeeded")
    page.get_by_text("The job has ended.").wait_for(timeout=60_000)
    page.wait_for_timeout(1_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1_500)
    assert asked == []
    page.locator("#on_cancel").blur()
    page.locator("#live .state.succeeded").first.wait_for()


def test_64_nodes_fit(page: Any, driver: Driver, images: Path) -> None:
    """The plan of a cluster of 64 nodes is drawn whole, a lane a node, and scrolls in its own frame."""
    page.goto(f"{driver.stack.url}/new/nested_cluster")
    page.locator('[name="/nodes/count"]').fill("64")
    page.locator('[name="/network/addresses"]').fill("")
    page.locator('[name="/nodes/memory_mib"]').fill("4096")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("heading", name="The plan").wait_for()

    assert page.locator(".plan-graph .lane").count() == 65
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=images / "plan-64.png")


def test_an_expired_session_leads_to_the_log_in_and_back(page: Any, driver: Driver) -> None:
    """When the session ends under an open page, the next step leads to the log-in and then to where one was."""
    page.goto(f"{driver.stack.url}/hosts/{driver.stack.host_id}")
    page.context.clear_cookies()
    page.get_by_role("link", name="Hosts", exact=True).first.click()
    page.get_by_label("API key").fill(driver.stack.api_key)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/hosts")


def test_a_hostile_name_runs_nothing(page: Any, driver: Driver) -> None:
    """A host whose name is a script is shown, in every place that names hosts, and does not run."""
    name = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    body = {"name": name, "address": "192.0.2.9", "username": "x", "password": {"ref": "env:MATRYOSHKA_SECRET_NONE"}}
    made = driver.stack.call("POST", "/v1/hosts", json=body).json()
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    try:
        for path in (
            "/hosts",
            f"/hosts/{made['id']}",
            "/jobs",
            "/new/inspect_host?/host/name=<script>alert(3)</script>",
        ):
            page.goto(driver.stack.url + path)
        page.goto(f"{driver.stack.url}/hosts/{made['id']}")
        assert page.get_by_role("heading", name=name).count() == 1
        assert alerts == []
    finally:
        answer = driver.stack.call("DELETE", f"/v1/hosts/{made['id']}", headers={"If-Match": "*"})
        assert answer.status_code == requests.codes.no_content


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium: Any, driver: Driver, images: Path, scheme: str) -> None:
    """No page has a serious or critical fault of accessibility, in either colour scheme."""
    job_id = driver.submit(driver.example("inspect_host"))
    driver.wait(job_id, state="succeeded")
    endpoint = driver.stack.call("POST", "/v1/webhook-endpoints", json={"url": "https://portal.invalid/hook"}).json()
    delivery = driver.stack.call("POST", f"/v1/webhook-endpoints/{endpoint['id']}:ping").json()
    driver.until(lambda: _tries(driver, delivery["id"]) > 0, 60, "a try of the delivery")
    context = chromium.new_context(viewport=DESKTOP, color_scheme=scheme)
    url = driver.stack.url
    page = context.new_page()
    page.goto(f"{url}/login")
    faults = _serious(page, "login")
    page.screenshot(path=images / f"login{'-dark' if scheme == 'dark' else ''}.png")
    page = logged_in(context, url, driver.stack.api_key)
    paths = {
        "jobs": "/jobs",
        "job": f"/jobs/{job_id}",
        "labs": "/labs",
        "hosts": "/hosts",
        "host": f"/hosts/{driver.stack.host_id}",
        "webhooks": "/webhooks",
        "webhook": f"/webhooks/{endpoint['id']}",
        "delivery": f"/webhooks/{endpoint['id']}/deliveries/{delivery['id']}",
        "new": "/new",
        "form": "/new/nested_cluster",
        "images": "/images",
        "add-host": "/hosts/add",
        "keys": "/keys",
        "audit": "/audit",
    }
    for name, path in paths.items():
        page.goto(url + path)
        faults += _serious(page, name)
        if name not in ("job", "form"):
            page.screenshot(path=images / f"{name}{'-dark' if scheme == 'dark' else ''}.png")
    context.close()
    driver.stack.call("DELETE", f"/v1/webhook-endpoints/{endpoint['id']}", headers={"If-Match": "*"})
    assert faults == []


def _tries(driver: Driver, delivery_id: str) -> int:
    return int(driver.stack.call("GET", f"/v1/webhook-deliveries/{delivery_id}").json()["tries"])


def _serious(page: Any, name: str) -> list[str]:
    # Axe is put into the page by the test's own hand, past the page's policy.
    found = axe.Axe().run(page)
    return [
        f"{name}: {one['id']}: {one['nodes'][0]['html'][:150]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def test_a_phone_and_a_keyboard_are_enough(chromium: Any, driver: Driver, images: Path) -> None:
    """On a phone no page is wider than the screen; by keyboard alone one logs in, skips to the page and opens a job."""
    job_id = driver.submit(driver.example("inspect_host"))
    driver.wait(job_id, state="succeeded")
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(f"{driver.stack.url}/login")
    page.wait_for_function("document.activeElement.name === 'key'")  # what is typed before goes nowhere
    page.keyboard.type(driver.stack.api_key)
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs")
    page.screenshot(path=images / "jobs-phone.png")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.get_by_role("link", name=re.compile("inspect host")).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/job_*")
    for path in (
        "/jobs",
        f"/jobs/{job_id}",
        "/labs",
        "/hosts",
        f"/hosts/{driver.stack.host_id}",
        "/new/nested_cluster",
    ):
        page.goto(driver.stack.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    context.close()
