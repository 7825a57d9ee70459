"""Rate limits: so many requests of one API key in a window, counted for all processes in the ledger.

A process takes shares of a key's quota instead of asking for each request, so that the usual request costs no round
trip. The bound is exact: shares add up to the quota; a process may hold a part of one while another refuses already.
Fields and problem type: draft-ietf-httpapi-ratelimit-headers.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g

from service.api.problems import Problem

QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
_POLICY = "default"
_SHARES = 50  # a process takes a fiftieth of the quota at a time
_SUBJECTS = 4096

# (subject, window number, window seconds, count) -> requests of the subject in the window, these among them
Take = Callable[[str, int, int, int], int]


@dataclass(frozen=True)
class Policy:
    """So many requests of a key in so many seconds; 0 requests: no limit."""

    quota: int
    seconds: int

    @property
    def field(self) -> str:
        """The RateLimit-Policy field."""
        return f'"{_POLICY}";q={self.quota};w={self.seconds}'


@dataclass(frozen=True)
class Verdict:
    """Whether a request may pass, how many more may in this window, and when the next one begins, in seconds."""

    allowed: bool
    remaining: int
    reset_seconds: int

    @property
    def field(self) -> str:
        """The RateLimit field."""
        return f'"{_POLICY}";r={self.remaining};t={self.reset_seconds}'


@dataclass
class _Account:
    """What this process knows of a subject in one window: requests it may still pass, and what nobody has taken."""

    window: int
    share: int = 0
    untaken: int = 0


class RateLimiter:
    """Counts requests. Safe for many threads."""

    def __init__(self, policy: Policy, take: Take, clock: Callable[[], float] = time.time) -> None:
        self.policy = policy
        self._take = take
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def pass_one(self, subject: str) -> Verdict:
        """Count one request of a subject; the window is that of the clock, the same in every process."""
        now = self._clock()
        window = int(now // self.policy.seconds)
        reset = max(1, int((window + 1) * self.policy.seconds - now + 0.999))
        while True:
            with self._lock:
                account = self._account(subject, window)
                if account.share > 0:
                    account.share -= 1
                    return Verdict(True, account.share + account.untaken, reset)
                if account.untaken == 0:
                    return Verdict(False, 0, reset)
            self._take_share(subject, account)

    def _account(self, subject: str, window: int) -> _Account:
        account = self._accounts.get(subject)
        if account is None or account.window != window:
            account = self._accounts[subject] = _Account(window, untaken=self.policy.quota)
            if len(self._accounts) > _SUBJECTS:
                self._accounts.popitem(last=False)
        return account

    def _take_share(self, subject: str, account: _Account) -> None:
        # Without the lock: a ledger that is slow to answer holds up who asked it, and nobody else. Two who ask at once
        # take a share each.
        wanted = max(1, self.policy.quota // _SHARES)
        total = self._take(subject, account.window, self.policy.seconds, wanted)
        with self._lock:
            account.share += max(0, min(wanted, self.policy.quota - (total - wanted)))
            account.untaken = min(account.untaken, max(0, self.policy.quota - total))


def refuse_beyond(limiter: RateLimiter, subject: str) -> None:
    """Count this request and keep the verdict for its answer.

    Raises:
        Problem: 429 beyond the quota.
    """
    if limiter.policy.quota == 0:
        return
    verdict = g.rate = limiter.pass_one(subject)
    if verdict.allowed:
        return
    policy = limiter.policy
    detail = f"This API key may make {policy.quota} requests in {policy.seconds} s."
    extensions: dict[str, Any] = {"type": QUOTA_EXCEEDED, "violated-policies": [_POLICY]}
    headers = {"Retry-After": str(verdict.reset_seconds)}
    raise Problem(429, "quota-exceeded", detail, headers=headers, **extensions)


def register_rate_fields(app: Flask, policy: Policy) -> None:
    """Tell every caller with a key what is left to it."""

    def tell(response: Response) -> Response:
        if "rate" in g:
            response.headers["RateLimit-Policy"] = policy.field
            response.headers["RateLimit"] = g.rate.field
        return response

    app.after_request(tell)
