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
from typing import Any

from gunicorn import util

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
loglevel = os.environ.get("MATRYOSHKA_LOG_LEVEL", "info").lower()
limit_request_line = 8190
limit_request_fields = 100
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Tell the app when this worker begins to stop: its streams end at once, not at the graceful timeout."""
    process = worker.wsgi.extensions["process"]
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
