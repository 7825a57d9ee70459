"""What dispatch is compared with: a bare Celery worker with the same settings and a task that notes when it started."""

from __future__ import annotations

import os
import time

import redis
from celery import Celery

from workers.broker import celery_settings

app = Celery("bare", broker=os.environ["BENCH_BROKER"])
app.conf.update(celery_settings())
app.conf.task_default_queue = "bare"
_client = redis.Redis.from_url(os.environ["BENCH_BROKER"])


@app.task(name="bare.note")
def note() -> None:
    """Say when it started."""
    _client.rpush("bare:started", repr(time.time()))
