"""What the command's exit codes mean. docs/cli.md has the same table, and a test compares them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Exit(IntEnum):
    """One code an outcome, so that a script needs no text to know what happened."""

    OK = 0
    ERROR = 1
    USAGE = 2
    JOB_FAILED = 3
    JOB_CANCELLED = 4
    JOB_EXPIRED = 5
    REFUSED = 6
    UNREACHABLE = 7
    SERVER_ERROR = 8
    UNCLEAR = 9
    TIMED_OUT = 10
    FAULTS = 11
    INTERRUPTED = 130


MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "it was done; the job that was waited for succeeded",
    Exit.ERROR: "something on this machine is wrong: a file, a key, the ledger of an operator's verb",
    Exit.USAGE: "the command line cannot be understood, or `--no-input` forbids to ask for what is missing",
    Exit.JOB_FAILED: "the job that was waited for failed",
    Exit.JOB_CANCELLED: "the job that was waited for was cancelled or its approval was rejected",
    Exit.JOB_EXPIRED: "the job that was waited for expired: not started or not approved in time",
    Exit.REFUSED: "the service refused the request (a 4xx answer), or its rules forbid the plan",
    Exit.UNREACHABLE: "the service cannot be reached: name, port, TLS, time-out",
    Exit.SERVER_ERROR: "the service failed (a 5xx answer), or what answered is not the service",
    Exit.UNCLEAR: "the answer was lost: it may have been done; the idempotency key to ask again with is printed",
    Exit.TIMED_OUT: "`--timeout` is over; the job goes on",
    Exit.FAULTS: "a check ran and found faults",
    Exit.INTERRUPTED: "Ctrl-C, or a no to a question; a job goes on",
}

_OF_STATES: Mapping[str, Exit] = {
    "succeeded": Exit.OK,
    "failed": Exit.JOB_FAILED,
    "cancelled": Exit.JOB_CANCELLED,
    "expired": Exit.JOB_EXPIRED,
}
FINAL_STATES = frozenset(_OF_STATES)


def exit_of_job(state: str) -> Exit:
    """Return the code for a job that ended in this state; ERROR for one that is not final."""
    return _OF_STATES.get(state, Exit.ERROR)
