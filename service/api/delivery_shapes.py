"""How deliveries look to callers."""

from __future__ import annotations

from typing import Any

from service.api.answers import rfc3339
from service.ledger.store import Delivery


def delivery_body(delivery: Delivery) -> dict[str, Any]:
    """Return one delivery with the log of its last tries. A status of null means that no answer came."""
    return {
        "id": delivery.id,
        "endpoint_id": delivery.endpoint_id,
        "url": delivery.url,
        "job_id": delivery.event.job_id,
        "event_id": delivery.event.id,
        "type": delivery.event.type,
        "state": delivery.state,
        "tries": delivery.attempts,
        "attempts": [
            {
                "at": rfc3339(entry.at),
                "status": entry.status or None,
                "seconds": entry.milliseconds / 1000,
                "excerpt": entry.excerpt,
                "error": entry.error,
                "request": dict(entry.request) or None,
            }
            for entry in delivery.log
        ],
        "next_try_at": rfc3339(delivery.next_at),
        "created_at": rfc3339(delivery.created_at),
    }
