"""The only Redis code. `Store` gives one object a noun; every change of state is one atomic Lua move.

Other rooms import from here and from nowhere below.
"""

from __future__ import annotations

import time
from typing import Any, Self

import redis

from service.ledger.servers import ONLY_URL, Servers
from service.ledger.store.audit import AuditFilter, AuditStore
from service.ledger.store.chat import ChatStore, Conversation, Decided, Decision
from service.ledger.store.claims import Claim, RenewResult, StepOutcome, StepResult, SweepResult
from service.ledger.store.connecting import behind_sentinels, connect, refused_for_good
from service.ledger.store.deliveries import (
    Delivery,
    DeliveryAttempt,
    DeliveryClaim,
    DeliveryResult,
    DeliveryState,
    DeliveryStore,
)
from service.ledger.store.durability import REQUIRED, durability_faults
from service.ledger.store.endpoints import Endpoint, EndpointStore
from service.ledger.store.errors import (
    IllegalMove,
    InUse,
    LeaseLost,
    LedgerError,
    NameTaken,
    NotFound,
    VersionConflict,
)
from service.ledger.store.events import EventStore
from service.ledger.store.feed import EventFeed, Subscription
from service.ledger.store.hosts import Host, HostCapacity, HostLimits, HostStore, Reservation
from service.ledger.store.images import Image, ImageStore
from service.ledger.store.jobs import JobStore
from service.ledger.store.keys import ApiKey, KeyStore, Rotation
from service.ledger.store.labs import Lab, LabFilter, LabState, LabStore
from service.ledger.store.leases import LeaseStore
from service.ledger.store.loads import Held, HostLoad, LoadStore
from service.ledger.store.locks import HoldingLab, HostLocks, LockStore, RunningStep, Waiter
from service.ledger.store.owners import EVERYONE, OTHER_TENANTS, Eyes, OwnerStore, endpoint_owner
from service.ledger.store.rates import RateStore
from service.ledger.store.schema import NewerLedger, SchemaStore
from service.ledger.store.scripts import Scripts
from service.ledger.store.sealed import SealedRecord, SealedStore
from service.ledger.store.sessions import SessionStore
from service.ledger.store.settings import DEFAULT_SETTINGS, STANDARD_SCHEDULE, StoreSettings
from service.ledger.store.snapshots import Restored, Snapshot, SnapshotStore
from service.ledger.store.steering import Amendment, Doer, OwnRequest, SteeringStore
from service.ledger.store.submission import Gate, Idempotency, JobFilter, Outcome, Retry, Submission, SubmitResult
from service.ledger.store.tallies import HostTally, Tallies, TallyStore
from service.ledger.store.tenants import Quotas, Tenant, TenantStore, Usage
from service.ledger.store.vitals import ServerFacts, Vitals, VitalStore
from service.ledger.store.workers import WorkerRecord, WorkerRegistry

__all__ = [
    "OTHER_TENANTS",
    "STANDARD_SCHEDULE",
    "Amendment",
    "ApiKey",
    "AuditFilter",
    "AuditStore",
    "ChatStore",
    "Claim",
    "Conversation",
    "Decided",
    "Decision",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryClaim",
    "DeliveryResult",
    "DeliveryState",
    "DeliveryStore",
    "Doer",
    "Endpoint",
    "EndpointStore",
    "EventFeed",
    "EventStore",
    "Gate",
    "Held",
    "HoldingLab",
    "Host",
    "HostCapacity",
    "HostLimits",
    "HostLoad",
    "HostLocks",
    "HostStore",
    "HostTally",
    "Idempotency",
    "IllegalMove",
    "Image",
    "ImageStore",
    "InUse",
    "JobFilter",
    "JobStore",
    "KeyStore",
    "Lab",
    "LabFilter",
    "LabState",
    "LabStore",
    "LeaseLost",
    "LeaseStore",
    "LedgerError",
    "LoadStore",
    "LockStore",
    "NameTaken",
    "NewerLedger",
    "NotFound",
    "Outcome",
    "OwnRequest",
    "OwnerStore",
    "Quotas",
    "RenewResult",
    "Reservation",
    "Restored",
    "Retry",
    "Rotation",
    "RunningStep",
    "SealedRecord",
    "SealedStore",
    "ServerFacts",
    "Snapshot",
    "SnapshotStore",
    "SteeringStore",
    "StepOutcome",
    "StepResult",
    "Store",
    "StoreSettings",
    "Submission",
    "SubmitResult",
    "Subscription",
    "SweepResult",
    "Tallies",
    "TallyStore",
    "Tenant",
    "TenantStore",
    "Usage",
    "VersionConflict",
    "VitalStore",
    "Vitals",
    "Waiter",
    "WorkerRecord",
    "WorkerRegistry",
    "connect",
    "endpoint_owner",
]


class Store:
    """One ledger: a namespace on one server. Needs a client with `decode_responses=True`. Safe to share by threads.

    `seen_by` is the same ledger as one tenant sees it: what others have is not there to be read. Changes are not
    checked: whoever changes a record for a tenant reads it first.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: StoreSettings = DEFAULT_SETTINGS,
        *,
        eyes: Eyes = EVERYONE,
        scripts: Scripts | None = None,
    ) -> None:
        scripts = self._scripts = scripts or Scripts(client, settings)
        self._seen: dict[str, Store] = {}
        self.settings = settings
        self.client = client
        self.eyes = eyes
        self.jobs = JobStore(scripts, eyes)
        self.steering = SteeringStore(scripts)
        self.leases = LeaseStore(scripts)
        self.events = EventStore(scripts)
        self.hosts = HostStore(scripts)
        self.loads = LoadStore(scripts)
        self.locks = LockStore(scripts)
        self.images = ImageStore(scripts)
        self.labs = LabStore(scripts, eyes)
        self.keys = KeyStore(scripts)
        self.tenants = TenantStore(scripts)
        self.owners = OwnerStore(scripts, eyes)
        self.endpoints = EndpointStore(scripts, eyes)
        self.deliveries = DeliveryStore(scripts, eyes)
        self.chat = ChatStore(scripts)
        self.workers = WorkerRegistry(scripts)
        self.rates = RateStore(scripts)
        self.sessions = SessionStore(scripts)
        self.sealed = SealedStore(scripts)
        self.audit = AuditStore(scripts)
        self.vitals = VitalStore(scripts)
        self.tallies = TallyStore(scripts)
        self.schema = SchemaStore(scripts)

    @classmethod
    def open(cls, redis_url: str, settings: StoreSettings = DEFAULT_SETTINGS, servers: Servers = ONLY_URL) -> Self:
        """Make a client with bounded waits and use it. Does not connect yet."""
        return cls(connect(redis_url, servers, health_check_interval=5), settings)

    def snapshots(self, raw: redis.Redis) -> SnapshotStore:
        """Return the whole ledger as something to take and to put back; `raw` is a client that does not decode."""
        return SnapshotStore(self._scripts, raw)

    def seen_by(self, tenant: str) -> Store:
        """Return this ledger as a tenant sees it, on the same connections."""
        found = self._seen.get(tenant)
        if found is None:
            found = self._seen[tenant] = Store(self.client, self.settings, eyes=Eyes(tenant), scripts=self._scripts)
        return found

    def check_durability(self) -> list[str]:
        """Return what is wrong with the server's settings, [] when acknowledged writes are safe. Raise redis errors."""
        client: Any = self.client
        found: dict[str, str] = {}
        for name in REQUIRED:
            found.update(client.config_get(name))
        return durability_faults(found)

    def servers_behind_sentinels(self) -> tuple[str, ...]:
        """Return the hosts that sentinels know for this ledger; () without sentinels. Raise redis errors."""
        return behind_sentinels(self.client)

    def unfitness(self) -> str:
        """Return why this release must not work on this ledger, for people; '' when it may, or nobody can tell now.

        A newer release has changed it, or the server refuses us for good (certificate, password).
        """
        try:
            self.schema.check()
        except NewerLedger as error:
            return str(error)
        except redis.RedisError as error:
            return refused_for_good(error)
        return ""

    def ping(self) -> float:
        """Return the seconds that the server took to answer. Raise redis errors."""
        started = time.perf_counter()
        self.client.ping()
        return time.perf_counter() - started
