# ruff: noqa: N999 - gunicorn's own name for its configuration
"""gunicorn for the web process. `--config deploy/gunicorn.conf.py 'service.app:create_app_from_env()'`.

gthread gives an event stream its thread for life, so there are more threads than streams (MATRYOSHKA_STREAM_CAP): open
streams never stop another request. Streams end when the worker is told to stop. gunicorn's own refusals, of requests
that never reach Flask, are problem+json too.
"""

from __future__ import annotations

import http
import json
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger

from service.observing.listening import VARIABLE, place_of
from service.observing.listening import bind as bind_metrics
from service.observing.logs import form_of, formatter

_SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def _place() -> tuple[str, int] | None:
    try:
        return place_of(os.environ.get(VARIABLE, ""))
    except ValueError as error:
        raise SystemExit(f"{VARIABLE}: {error}") from error


_metrics_place = _place()
_metrics: list[socket.socket] = []  # what all web processes answer scrapes on

_SPARE_THREADS = 32

bind = os.environ.get("MATRYOSHKA_BIND", "127.0.0.1:8080")
worker_class = "gthread"
workers = int(os.environ.get("MATRYOSHKA_WEB_PROCESSES", "2"))
threads = int(os.environ.get("MATRYOSHKA_STREAM_CAP", "64")) + _SPARE_THREADS
worker_connections = max(1000, threads * 4)
timeout = 60
graceful_timeout = 20
keepalive = 15
accesslog = None  # the app writes one line a request, without queries
errorlog = "-"


class OwnForm(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's lines in the form of all others (MATRYOSHKA_LOG), on standard output."""

    def setup(self, cfg: Any) -> None:
        """Set up as gunicorn does, then write in our form."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setStream(sys.stdout)
            handler.setFormatter(formatter(form_of(os.environ, is_terminal=sys.stdout.isatty())))


logger_class = OwnForm
loglevel = os.environ.get("MATRYOSHKA_LOG_LEVEL", "info").lower()
limit_request_line = 8190
limit_request_fields = 100
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Bind the listener of metrics, and make the folder in which the web processes count together.

    The folder must be named before any of them loads the library, and be empty: it knows processes by their pids.
    """
    if _metrics_place is None:
        return
    if not os.environ.get(_SHARED_FOLDER):
        os.environ[_SHARED_FOLDER] = tempfile.mkdtemp(prefix="matryoshka-metrics-")
    folder = Path(os.environ[_SHARED_FOLDER])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    try:
        _metrics.append(bind_metrics(_metrics_place))
    except OSError as error:
        # The service is worth more than its figures; the alert on a missing target tells of this.
        text = "metrics are not served on %s: %s"
        server.log.error(text, os.environ[VARIABLE], error.strerror)  # noqa: TRY400 - the reason is all


def on_exit(_server: Any) -> None:
    """Remove what was counted: the next start counts from 0."""
    if _metrics_place is not None and os.environ.get(_SHARED_FOLDER):
        shutil.rmtree(os.environ[_SHARED_FOLDER], ignore_errors=True)


def child_exit(_server: Any, worker: Any) -> None:
    """Take the values that only a living process has (open streams) out of the sums."""
    if _metrics_place is not None:
        for left in Path(os.environ[_SHARED_FOLDER]).glob(f"gauge_live*_{worker.pid}.db"):
            left.unlink(missing_ok=True)


def post_worker_init(worker: Any) -> None:
    """Answer scrapes; tell the app when this worker begins to stop: its streams end at once, not at the timeout."""
    process = worker.wsgi.extensions["process"]
    if _metrics:
        process.serve_metrics(_metrics[0])
    exit_handler = worker.handle_exit

    def handle_exit(number: int, frame: Any) -> None:
        process.context.gate.close()
        exit_handler(number, frame)

    worker.handle_exit = handle_exit
    worker.init_signals()


def worker_exit(_server: Any, worker: Any) -> None:
    """Stop the app's threads."""
    if worker.wsgi is not None:
        worker.wsgi.extensions["process"].stop()


def write_problem(sock: Any, status_int: int, reason: str, _message: str) -> None:
    """Answer a request that gunicorn refuses, as problem+json. The message may repeat what was sent: it is left out."""
    title = http.HTTPStatus(status_int).phrase
    body = json.dumps(
        {
            "type": f"/problems/{title.lower().replace(' ', '-')}",
            "title": title,
            "status": status_int,
            "detail": "The request is not well-formed HTTP, or larger than this server takes.",
            "code": title.lower().replace(" ", "_"),
            "retryable": False,
        }
    ).encode()
    head = (
        f"HTTP/1.1 {status_int} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(sock, head.encode("latin1") + body)


util.write_error = write_problem
