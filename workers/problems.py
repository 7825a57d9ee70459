"""A worker's error as callers read it: a problem object (RFC 9457 members and ours), scrubbed of secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.errors import RemoteError, StepRefused, WorkerError
from workers.secrets import Scrubber

_LONGEST = 2000


def problem_of(error: WorkerError, scrubber: Scrubber, *, left: str = "") -> dict[str, Any]:
    """Return the problem object; one of a remote function has its error_id, category, hresult and target too.

    `left` says what is left on the host. Callers decide by `code` and `error_id`; texts may change or be localized.
    """
    code = error.reason if isinstance(error, StepRefused) else error.code
    problem = {
        "type": f"urn:matryoshka:problem:{code.lower().replace('_', '-')}",
        "title": code.replace("_", " ").capitalize(),
        "detail": scrubber.text(str(error))[:_LONGEST],
        "code": code,
        "remedy": error.remedy,
        "retryable": error.retryable,
        "error_id": error.error_id if isinstance(error, RemoteError) else "",
        **_remote(error, scrubber),
    }
    if left:
        problem["left"] = left
    return dict(scrubber.value(problem))


def bug_problem(error: BaseException) -> dict[str, Any]:
    """Return the problem of an exception that nobody foresaw. Its text may hold anything: it stays in the log."""
    return {
        "type": "urn:matryoshka:problem:worker-bug",
        "title": "Worker bug",
        "detail": f"{type(error).__name__}; the worker's log has the traceback",
        "code": "WORKER_BUG",
        "remedy": "Report it with the worker's log of this time.",
        "retryable": True,
        "error_id": "",
    }


def _remote(error: WorkerError, scrubber: Scrubber) -> Mapping[str, Any]:
    if not isinstance(error, RemoteError):
        return {}
    return {
        "category": error.category,
        "hresult": f"0x{error.hresult & 0xFFFFFFFF:08X}" if error.hresult else "",
        "target": scrubber.text(error.target)[:200],
    }
