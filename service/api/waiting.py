"""Waiting GETs (`?wait=20`, `Prefer: wait=20`): answered when there is news, bounded in time and in number."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Request

from service.api.context import Context
from service.api.job_schemas import LONGEST_WAIT_SECONDS
from service.api.preference import preferences
from service.ledger.job import Job

_DIGITS = 6
_TICK_SECONDS = 1.0


def wanted_wait(request: Request, query: Mapping[str, Any]) -> int:
    """Return how many seconds the caller is ready to wait, at most 30; 0 for not at all."""
    if query.get("wait") is not None:
        return min(int(query["wait"]), LONGEST_WAIT_SECONDS)
    wish = preferences(request).get("wait", "")
    return min(int(wish[:_DIGITS]), LONGEST_WAIT_SECONDS) if wish.isascii() and wish.isdigit() else 0


def wait_for_job(context: Context, job: Job, seconds: int, is_news: Callable[[Job], bool]) -> tuple[Job, bool]:
    """Return the job as soon as `is_news` says so or the time is over, and whether it could wait at all.

    Beyond the cap of waiting requests, and while the process stops, the job is returned as it is, at once.
    """
    if is_news(job):
        return job, True
    with context.gate.wait_place() as may_wait:
        if not may_wait:
            return job, False
        return _wait(context, job, time.monotonic() + seconds, is_news), True


def _wait(context: Context, job: Job, deadline: float, is_news: Callable[[Job], bool]) -> Job:
    with context.feed.subscribe(job.id, context.store.events.last_id(job.id)) as subscription:
        while context.gate.is_open and not is_news(job):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            subscription.next(min(left, _TICK_SECONDS))
            job = context.store.jobs.get(job.id) or job
    return job
