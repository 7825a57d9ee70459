"""Submits a job with the generated client, waits for it, and reads one signed webhook into its generated type.

`submit_job.py`, `read_webhook.py` and `matryoshka_jobs.py` are the blocks of docs/integration.md.
"""

from __future__ import annotations

import json
import os
import queue
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from matryoshka_client.api.events import get_event_type
from matryoshka_client.models import EventType, JobWebhook
from matryoshka_jobs import Matryoshka
from read_webhook import read_webhook
from submit_job import client, inspect_host

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENTS: queue.Queue[object] = queue.Queue()


class Hook(BaseHTTPRequestHandler):
    """Takes deliveries that verify."""

    def do_POST(self) -> None:
        """Verify, read and keep one."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        EVENTS.put(read_webhook(body, {name.lower(): value for name, value in self.headers.items()}, SECRET))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def awaited(event_type: str) -> JobWebhook:
    """Return the first event of this type; raises queue.Empty after half a minute without any."""
    while True:
        event = EVENTS.get(timeout=30)
        if isinstance(event, JobWebhook) and event.type_ == event_type:
            return event


def main() -> None:
    """Do the round and print what came out."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    job = inspect_host("purpose=lab", f"http://127.0.0.1:{server.server_address[1]}/hook", SECRET)
    event = awaited("job.succeeded")
    shown = get_event_type.sync("job.failed", client=client)
    assert isinstance(shown, EventType)
    assert isinstance(shown.example, JobWebhook)
    plain = Matryoshka(os.environ["MATRYOSHKA_URL"], os.environ["MATRYOSHKA_API_KEY"])
    again = plain.submit({"kind": "inspect_host", "host": {"label": "purpose=lab"}}, str(uuid.uuid4()))
    assert plain.wait(again["id"])["state"] == "succeeded"
    found = {
        "job_id": job.id,
        "state": job.state,
        "computer_name": job.result.report["computer_name"],
        "webhook_type": event.type_,
        "webhook_job_id": event.data.job_id,
    }
    print(json.dumps(found))
    server.shutdown()


main()
