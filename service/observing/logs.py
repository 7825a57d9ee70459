"""How every process writes its log: one JSON object a line on standard output, or lines for people on a terminal.

Our own events and the lines of gunicorn, Celery, kombu, pypsrp and urllib3 have the same form: `timestamp`, `level`,
`event`, and what is known of `request_id`, `trace_id`, `span_id`, `job_id`, `step_id`, `call_id` where they arose.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

import structlog

LEVELS = ("debug", "info", "warning", "error", "critical")
FORMS = ("json", "console")
_SHARED: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)

Scrub = Callable[[str], str]


def form_of(environ: Mapping[str, str], *, is_terminal: bool) -> str:
    """Return `json` or `console`: what MATRYOSHKA_LOG says, else `console` for people at a terminal.

    Raises:
        ValueError: MATRYOSHKA_LOG is something else.
    """
    form = environ.get("MATRYOSHKA_LOG", "").strip().lower()
    if form and form not in FORMS:
        raise ValueError(f"MATRYOSHKA_LOG: must be one of {', '.join(FORMS)}, not {form!r}")
    return form or ("console" if is_terminal else "json")


def level_of(environ: Mapping[str, str]) -> int:
    """Return the number of MATRYOSHKA_LOG_LEVEL; INFO when it is not set, or none that we know."""
    name = environ.get("MATRYOSHKA_LOG_LEVEL", "").strip().lower()
    return int(getattr(logging, name.upper())) if name in LEVELS else logging.INFO


def set_up_logging(environ: Mapping[str, str], scrub: Scrub | None = None) -> None:
    """Set up structlog and the root logger; every line passes through `scrub`. Safe to repeat.

    Raises:
        ValueError: MATRYOSHKA_LOG cannot be used.
    """
    form, level = form_of(environ, is_terminal=sys.stdout.isatty()), level_of(environ)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter(form, scrub))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[*_SHARED, *_last(form, scrub)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Past the standard library, which is slow; and in one write a line, so that no other thread's comes between.
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )


def formatter(form: str, scrub: Scrub | None = None) -> logging.Formatter:
    """Return a formatter for the lines of libraries, in the same form as ours."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(form, scrub)],
    )


def _last(form: str, scrub: Scrub | None) -> list[Any]:
    if form == "console":
        shown: Any = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    else:
        shown = structlog.processors.JSONRenderer()
    if scrub is None:
        return [shown]

    def scrubbed(_logger: Any, _method: str, line: Any) -> str:
        return scrub(str(line))

    return [shown, scrubbed]
