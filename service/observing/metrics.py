"""What is counted and timed, by its Prometheus names. Labels are bounded: routes, kinds, hosts; never a job.

Every metric of one process is here, in `REGISTRY`; what the ledger knows (queues, jobs by state) is read at a scrape by
`service.api.ledger_metrics`. Several web processes share files (PROMETHEUS_MULTIPROC_DIR), so a scrape of any of them
answers for all. Without that directory values live in memory and cost about a microsecond each.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_MOVE = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_CALL = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
_STEP = (0.1, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0, 10800.0)
_WAIT = (0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)

# The web process.
HTTP_REQUESTS = Counter(
    "matryoshka_http_requests",
    "Answers of the API, by route template ('' where no route matched), method and status.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
HTTP_SECONDS = Histogram(
    "matryoshka_http_request_duration_seconds",
    "Seconds from a request to the head of its answer; a stream's end does not count.",
    ("method", "route"),
    buckets=_REQUEST,
    registry=REGISTRY,
)
SUBMISSIONS = Counter(
    "matryoshka_job_submissions",
    "Requests for a job that reached the ledger, by kind and outcome (created, replayed, refused, ...).",
    ("kind", "outcome"),
    registry=REGISTRY,
)
SSE_CLIENTS = Gauge(
    "matryoshka_sse_clients",
    "Event streams that are open now.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
SSE_STREAMS = Counter("matryoshka_sse_streams", "Event streams that were opened.", registry=REGISTRY)
SSE_DROPS = Counter(
    "matryoshka_sse_drops",
    "Event streams that were refused (no place), cut because their reader was too slow, or broken with the ledger.",
    ("reason",),
    registry=REGISTRY,
)
# From 0: what begins with 1 is no increase for an alert.
for _reason in ("refused", "slow", "broken"):
    SSE_DROPS.labels(_reason)

# The ledger, in web and worker processes.
MOVE_SECONDS = Histogram(
    "matryoshka_redis_move_duration_seconds",
    "Seconds that one move of the ledger took, there and back, by the move's name.",
    ("move",),
    buckets=_MOVE,
    registry=REGISTRY,
)
MOVE_ERRORS = Counter(
    "matryoshka_redis_move_errors",
    "Moves of the ledger that ended with an error, by the move's name and the error's type.",
    ("move", "error"),
    registry=REGISTRY,
)
LEASES_LOST = Counter(
    "matryoshka_leases_lost",
    "Leases past their deadline that a sweep of this process took back: a worker died or was cut off.",
    registry=REGISTRY,
)
FENCES_REFUSED = Counter(
    "matryoshka_fences_refused",
    "Writes under a lease or fence that was not the newest, by who refused: the ledger or the host's journal.",
    ("by",),
    registry=REGISTRY,
)
for _by in ("ledger", "host"):
    FENCES_REFUSED.labels(_by)

# The worker process.
STEPS = Counter(
    "matryoshka_steps",
    "Steps that a worker left, by action and outcome; `lost` when the lease was gone.",
    ("action", "outcome"),
    registry=REGISTRY,
)
STEP_SECONDS = Histogram(
    "matryoshka_step_duration_seconds",
    "Seconds from a step's first claim to its end, waits between its claims included, by action.",
    ("action",),
    buckets=_STEP,
    registry=REGISTRY,
)
STEP_WAIT_SECONDS = Histogram(
    "matryoshka_step_wait_seconds",
    "Seconds that a step was ready before a worker claimed it.",
    ("action",),
    buckets=_WAIT,
    registry=REGISTRY,
)
JOB_QUEUE_SECONDS = Histogram(
    "matryoshka_job_queue_seconds",
    "Seconds from a job's submission to the first claim of one of its steps: gates, room on the host and workers.",
    ("kind",),
    buckets=_WAIT,
    registry=REGISTRY,
)
LEASES_HELD = Gauge("matryoshka_leases_held", "Steps that this worker process runs now.", registry=REGISTRY)
SLOTS = Gauge("matryoshka_worker_slots", "Tasks that this worker process can run at a time.", registry=REGISTRY)
SLOTS_BUSY = Gauge(
    "matryoshka_worker_slots_busy",
    "Tasks that run in this worker process now, by what they do.",
    ("work",),
    registry=REGISTRY,
)
PSRP_CALLS = Counter(
    "matryoshka_psrp_calls",
    "Calls to Windows hosts, by host and outcome: ok, or the code of the error.",
    ("host_id", "outcome"),
    registry=REGISTRY,
)
PSRP_SECONDS = Histogram(
    "matryoshka_psrp_call_duration_seconds",
    "Seconds of a call to its known end, by the function that it runs; repeats after a lost session included.",
    ("function",),
    buckets=_CALL,
    registry=REGISTRY,
)
PSRP_OPENED = Counter(
    "matryoshka_psrp_sessions_opened",
    "Sessions to Windows hosts that were opened, by host and outcome.",
    ("host_id", "outcome"),
    registry=REGISTRY,
)
PSRP_SESSIONS = Gauge(
    "matryoshka_psrp_sessions",
    "Sessions to a host that this process has, by whether a call uses them now.",
    ("host_id", "state"),
    registry=REGISTRY,
)
WEBHOOK_ATTEMPTS = Counter(
    "matryoshka_webhook_attempts",
    "Tries of deliveries, by receiver (endpoint, callback, chat) and outcome (succeeded, failed, gone).",
    ("receiver", "outcome"),
    registry=REGISTRY,
)
WEBHOOK_SECONDS = Histogram(
    "matryoshka_webhook_attempt_duration_seconds",
    "Seconds that one try of a delivery took.",
    ("receiver",),
    buckets=_REQUEST,
    registry=REGISTRY,
)
WEBHOOK_LAG_SECONDS = Histogram(
    "matryoshka_webhook_lag_seconds",
    "Seconds from an event to its delivery, of deliveries that succeeded.",
    ("receiver",),
    buckets=_WAIT,
    registry=REGISTRY,
)
