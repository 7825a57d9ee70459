"""How Celery is set up: for wake-ups only. Reads no environment, so a benchmark can run a bare worker with the same."""

from __future__ import annotations

from typing import Any


def celery_settings() -> dict[str, Any]:
    """Return the settings of docs/sources.md C10: wake-ups only, and they may be lost."""
    return {
        # The late ack wakes the threads pool's loop, which prefetching off needs; it gives no guarantee.
        "task_acks_late": True,
        "worker_disable_prefetch": True,
        "worker_prefetch_multiplier": 1,
        "task_ignore_result": True,
        "result_backend": None,
        "task_publish_retry": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # Cancel, drain and inspection go through the ledger.
        "worker_enable_remote_control": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "task_default_queue": "steps",
        "broker_transport_options": {
            # With it on, a worker dies or hangs when the broker restarts (C3). Off, a kill loses messages:
            # harmless here.
            "ack_emulation": False,
            "socket_timeout": 10,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 5,
        },
    }
