"""The list of jobs in a large ledger."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from service.ledger.plan import Plan
from service.ledger.store import JobFilter, Submission
from tests.integration.api_kit import running_api

COUNT = 10_000
PAGES = 12


def test_10_000_jobs_are_paged_through(redis_url: str) -> None:
    """Each page has 50 jobs, newest first, and a way to older ones, which shows none twice and leaves none out."""
    with running_api(redis_url) as api:
        jobs = api.store.jobs

        def submit(_: int) -> None:
            jobs.submit(Submission("inspect_host", {}, Plan("inspect_host", ()), tenant="default"))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(submit, range(COUNT)))
        browser = api.app.test_client()
        browser.post("/login", data={"key": api.key})
        seen: list[str] = []
        path = "/jobs"
        for _ in range(PAGES):
            page = browser.get(path).text
            seen += re.findall(r'href="/jobs/(job_[0-9a-f]+)"', page)
            older = re.search(r'rel="next" href="(\?[^"]+)"', page)
            assert older
            path = "/jobs" + older[1].replace("&amp;", "&")
        newest = jobs.list(JobFilter(), None, 50 * PAGES)
    assert seen == [job.id for job in newest]
