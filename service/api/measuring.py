"""Counts what the API answers. Whatever a caller may choose freely stays out of the labels: their number is bounded."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter, Histogram

from service.observing.metrics import HTTP_REQUESTS, HTTP_SECONDS, SUBMISSIONS

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer: `route` is the rule that matched, '' for none; a method that HTTP does not know is `other`."""
    known = method if method in _METHODS else "other"
    _requests(known, route, status).inc()
    _seconds(known, route).observe(seconds)


def submitted(kind: str, outcome: str) -> None:
    """Count a submission that reached the ledger."""
    _submissions(kind, outcome).inc()


# Finding the child of a metric by its labels takes longer than counting does.
@cache
def _requests(method: str, route: str, status: int) -> Counter:
    return HTTP_REQUESTS.labels(method, route, str(status))


@cache
def _seconds(method: str, route: str) -> Histogram:
    return HTTP_SECONDS.labels(method, route)


@cache
def _submissions(kind: str, outcome: str) -> Counter:
    return SUBMISSIONS.labels(kind, outcome)
