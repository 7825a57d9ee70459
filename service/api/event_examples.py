"""One example an event type, as a list shows it and as a webhook carries it: for the document and for receivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVENT_ID = "1796003688560-2"
TIME = "2026-11-30T01:54:48.560Z"
JOB_ID = "job_01a22a2944776404d72cd29e73"
LAB_ID = "lab_01a22a294477eed1591a506f94"
HOST_ID = "host_01a22a29420206951f3cd4c7bc"
ENDPOINT_ID = "we_01a22a29422ec0aad83733c4df"
_STEP_ID, _NODE = "create-vm-nest-1", "nest-1"
PROBLEM: Mapping[str, Any] = {
    "type": "/problems/access-denied",
    "title": "The account may not do this",
    "code": "access_denied",
    "detail": "The host refused New-NestedNode.",
    "remedy": "Make the account a member of Hyper-V Administrators.",
    "retryable": False,
}
# What the payload of a family shows, and of a type where that says more.
_DATA: Mapping[str, Mapping[str, Any]] = {
    "step": {"attempt": 1},
    "host": {"host_id": HOST_ID, "name": "hv1"},
    "endpoint": {"endpoint_id": ENDPOINT_ID},
    "job.waiting": {
        "reason": "capacity",
        "wanted": {"memory_mib": 24576, "disk_gib": 120},
        "free": {"memory_mib": 16384, "disk_gib": 900},
        "capacity": {"memory_mib": 262144, "disk_gib": 4027},
    },
    "job.cancelling": {"reason": "cancelled"},
    "job.rolling_back": {"steps": 12},
    "job.retried": {"retries": 1},
    "job.failed": {"error": PROBLEM},
    "step.started": {"attempt": 1, "generation": 1, "fence": 7, "phase": "forward", "worker": "worker-1"},
    "step.progressed": {"percent": 40, "message": "verifying the image's SHA-256"},
    "step.warned": {"message": "You must restart this server to finish the installation process."},
    "step.logged": {"lines": [{"stream": "verbose", "text": "The switch is there already."}]},
    "step.waited": {"wait_seconds": 1.0, "message": "waiting for the guest: no_session"},
    "step.failed": {"error": PROBLEM},
    "step.retried": {"attempt": 1, "retry_after_seconds": 10.0, "error": PROBLEM},
    "step.lost": {"attempt": 1, "worker": "worker-1"},
    "step.undone": {"undoable": True},
    "lab.extended": {"expires_at": 1796032488.56},
    "lab.removed": {"reason": "teardown"},
    "host.deleted": {"host_id": HOST_ID},
    "endpoint.disabled": {"endpoint_id": ENDPOINT_ID, "reason": "gone"},
}


def example_event(event_type: str) -> dict[str, Any]:
    """Return an event as `GET /v1/events` shows it."""
    places = {"job_id": "", "lab_id": "", "step_id": "", "node": "", **_places(event_type)}
    return {"id": EVENT_ID, "type": event_type, "timestamp": TIME, **places, "data": _data(event_type)}


def example_webhook(event_type: str, base_url: str = "https://matryoshka.example") -> dict[str, Any]:
    """Return the body of a webhook for an event of this type."""
    places = _places(event_type)
    link = {"url": f"{base_url}/v1/jobs/{places['job_id']}"} if "job_id" in places else {}
    data = {"event_id": EVENT_ID, **_data(event_type), **places, **link}
    return {"type": event_type, "timestamp": TIME, "data": data}


def _data(event_type: str) -> dict[str, Any]:
    return dict(_DATA.get(event_type, _DATA.get(event_type.partition(".")[0], {})))


def _places(event_type: str) -> dict[str, str]:
    family = event_type.partition(".")[0]
    lab = {"job_id": JOB_ID, "lab_id": LAB_ID}
    return {"job": lab, "lab": lab, "step": {**lab, "step_id": _STEP_ID, "node": _NODE}}.get(family, {})
