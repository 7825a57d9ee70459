"""How Celery is set up: for wake-ups only. Reads no environment, so a benchmark can run a bare worker with the same."""

from __future__ import annotations

from typing import Any

from service.ledger.broker import Broker, broker_of


def celery_settings(broker: Broker | None = None) -> dict[str, Any]:
    """Return the settings of docs/sources.md C10: wake-ups only, and they may be lost. Without a broker: any Redis."""
    broker = broker or broker_of("redis://")
    return {
        # The late ack wakes the threads pool's loop, which prefetching off needs; it gives no guarantee. RabbitMQ
        # closes the channel of a message that is not acknowledged for half an hour, and steps may take longer.
        "task_acks_late": broker.is_ledger,
        "worker_disable_prefetch": broker.is_ledger,
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
        "broker_transport_options": dict(broker.options),
        "broker_use_ssl": dict(broker.tls) if broker.tls else None,
    }
