"""The page of every problem: those of an answer, those of a job, those of a step, read from where they are raised."""

from __future__ import annotations

import re
from collections.abc import Mapping

from docs.making.actions import Failure, action_of
from docs.making.markdown import code, codes, page, plain, table, yes
from docs.making.trees import ROOT, called, calls, constant, sources
from docs.making.words import words
from service.api.problems import RETRYABLE
from workers.errors import RemoteError, WorkerError
from workers.steps import HANDLERS
from workers.steps.reasons import known_reasons

_LUA = re.compile(r"L\.error\('(\w+)', '([^']*)'")
# Raised and caught inside a worker: no caller ever reads them.
_INNER = {"STEP_CANCELLED", "STEP_RELEASED", "LEASE_LOST", "STEP_REFUSED"}


def problems_page() -> str:
    """Return the page."""
    return page(
        "Problems",
        "Every error answer is `application/problem+json` (RFC 9457). Decide by `code`, or by the last part of "
        "`type`; texts may change. "
        "Repeat a request only when `retryable` is true, after `Retry-After` seconds. A failed job has the same "
        "object as its "
        "`error`, with the step, its node and what is left on the host.",
        "## Of an answer",
        table(("type", "status", "meaning", "again by itself", "what to do"), map(_answer_row, answer_codes().items())),
        "Beside these every status of HTTP has a type of its own name, for instance "
        "`/problems/method-not-allowed` (405).",
        "## Of a job",
        "Written by the ledger itself; `type` is `/problems/` with `-` for `_`.",
        table(
            ("code", "title", "meaning"),
            [(code(name), title, words("ledger_problems").get(name, "")) for name, title in ledger_codes().items()],
        ),
        "## Of a step",
        "Of the connection to the host, and of the worker. `type` is `urn:matryoshka:problem:` and the code in "
        "small letters with `-`. "
        "What is tried again by itself waits longer each time, up to the step's attempts.",
        table(("code", "meaning", "again by itself", "remedy"), _worker_rows()),
        "## Of an action",
        "What an action on the host or in a guest refuses. Pages of the [kinds of job](kinds/nested_cluster.md) "
        "say which step of which kind does.",
        table(("code", "said by", "when", "again by itself", "remedy"), _action_rows()),
        "## Of Windows",
        "Error ids (the part of FullyQualifiedErrorId before its first comma, or the HRESULT) that are "
        "understood. An id that is not here "
        "becomes `REMOTE_ERROR` with `error_id`, `category` and `hresult`. Texts are never read: Windows "
        "translates them.",
        table(("error id", "of", "code", "again by itself"), _windows_rows()),
    )


def answer_codes() -> Mapping[str, tuple[int, ...]]:
    """Return the statuses of each code that the web process answers, by code."""
    found: dict[str, set[int]] = {}
    for path in sources("service/api", "service/ui"):
        for call in calls(path):
            if called(call) == "Problem" and len(call.args) > 1:
                status, name = constant(call.args[0]), constant(call.args[1])
                if isinstance(status, int) and isinstance(name, str):
                    found.setdefault(name, set()).add(status)
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def ledger_codes() -> Mapping[str, str]:
    """Return the titles of the problems that the ledger's Lua writes, by code."""
    folder = ROOT / "service" / "ledger" / "lua"
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.lua")))
    return dict(sorted(_LUA.findall(text)))


def _answer_row(pair: tuple[str, tuple[int, ...]]) -> tuple[str, ...]:
    name, statuses = pair
    meaning, remedy = words("problems").get(name, ("", ""))
    return (
        code(f"/problems/{name}"),
        ", ".join(map(str, statuses)),
        meaning,
        yes(RETRYABLE.intersection(statuses)),
        remedy,
    )


def _worker_rows() -> list[tuple[str, ...]]:
    classes = [one for one in WorkerError.__subclasses__() if one.code not in _INNER]
    rows = [(code(one.code), _first(one), _retried(one), one.remedy) for one in classes]
    return [
        *rows,
        (
            code("WORKER_BUG"),
            "A worker failed in a way that nobody foresaw.",
            "yes",
            "Report it with the worker's log of this time.",
        ),
    ]


def _retried(one: type[WorkerError]) -> str:
    return "by its category" if one is RemoteError else yes(one.retryable)


def _first(one: type) -> str:
    return plain((one.__doc__ or "").partition("\n")[0])


def _action_rows() -> list[tuple[str, ...]]:
    rows: dict[Failure, list[str]] = {}
    for name in HANDLERS:
        for failure in action_of(name).failures:
            rows.setdefault(failure, []).append(name)
    own = [(failure, names) for failure, names in rows.items() if not failure.of]
    return [
        (code(one.code), codes(names), plain(one.meaning), yes(one.retryable), plain(one.remedy))
        for one, names in sorted(own, key=lambda pair: pair[0])
    ]


def _windows_rows() -> list[tuple[str, ...]]:
    return [
        (code(known.id), code(known.cmdlet), code(known.reason.code), yes(known.reason.retryable))
        for known in known_reasons()
    ]
