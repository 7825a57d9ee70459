"""What an error of the ledger's server becomes for a caller."""

from __future__ import annotations

import pytest
from flask import Flask
from redis.exceptions import BusyLoadingError, ConnectionError, OutOfMemoryError, RedisError, ResponseError  # noqa: A004 - redis's own name

from service.api.problems import register_problem_handlers


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConnectionError("refused"), 503),
        (BusyLoadingError("LOADING"), 503),
        (OutOfMemoryError("OOM"), 503),
        (ResponseError("MISCONF Errors writing to the AOF file"), 503),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), 503),
        (ResponseError("BUSY Valkey is busy running a script."), 503),
        (ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"), 500),
        (ResponseError("user_script:7: attempt to index a nil value"), 500),
    ],
)
def test_only_a_ledger_that_cannot_work_now_is_called_away(error: RedisError, status: int) -> None:
    """A server that is away or cannot write is a 503 to try again; one that refuses our move is our bug, a 500."""
    app = Flask("t")
    register_problem_handlers(app)

    @app.get("/")
    def fail() -> str:
        raise error

    answer = app.test_client().get("/")

    assert (status, status == 503) == (answer.status_code, answer.get_json()["retryable"])
    assert str(error) not in answer.get_data(as_text=True)
