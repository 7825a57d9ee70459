"""Follows a job's server-sent events; a dropped stream is resumed from the last id."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import requests

from deploy.local.stack import Stack

_PAUSE_SECONDS = 0.5


def follow(stack: Stack, job_id: str) -> Iterator[dict[str, Any]]:
    """Yield a job's events in order until the stream's end event; resumes after a broken connection.

    Raises:
        requests.HTTPError: the API refuses, which no repetition mends.
    """
    last = ""
    while True:
        try:
            for name, event_id, data in _stream(stack, job_id, last):
                if name == "end":
                    return
                last = event_id or last
                yield {"event": name, **data}
        except requests.HTTPError as error:
            if error.response.status_code < requests.codes.server_error:
                raise
            time.sleep(_PAUSE_SECONDS)
        except requests.RequestException:
            time.sleep(_PAUSE_SECONDS)


def _stream(stack: Stack, job_id: str, last: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {stack.api_key}"}
    if last:
        headers["Last-Event-ID"] = last
    url = f"{stack.url}/v1/jobs/{job_id}/events"
    with requests.get(url, headers=headers, stream=True, timeout=(5, 30)) as answer:
        answer.raise_for_status()
        if answer.status_code == requests.codes.no_content:
            yield "end", "", {}
            return
        frame: dict[str, str] = {}
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            if line:
                field, _, value = line.partition(":")
                frame[field] = value.removeprefix(" ")
            elif "data" in frame:
                yield frame.get("event", "message"), frame.get("id", ""), json.loads(frame["data"])
                frame = {}
