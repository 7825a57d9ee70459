"""What tests of the worker share: a real ledger, a sandbox host in it, and hands that work without Celery."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.ledger.event import Event
from service.ledger.ids import new_id
from service.ledger.plan import Plan, Step
from service.ledger.sealing import new_private_key, open_sealed, public_key_of, seal
from service.ledger.store import Host, Store, StoreSettings, Submission
from tests.integration.sandbox_process import PASSWORD, SandboxProcess
from workers.hosts import Hosts
from workers.keeper import LeaseKeeper
from workers.process import Slots
from workers.runner import Runner, Tools
from workers.secrets import Keyring
from workers.settings import Settings
from workers.steps import HANDLERS
from workers.steps.base import Step as Handler
from workers.tasks import Hands
from workers.webhooks import Sender


@dataclass
class Workshop:
    """One worker on one ledger, with one registered host."""

    store: Store
    hands: Hands
    hosts: Hosts
    draining: threading.Event
    private_key: str
    public_key: str
    host_id: str
    handlers: dict[str, Handler] = field(default_factory=dict)

    def submit(self, *steps: Step, secrets: Mapping[str, str] | None = None, **fields: Any) -> str:
        """Submit a job of these steps and return its id; secrets are sealed as the API does."""
        kind = str(fields.pop("kind", "inspect_host"))
        sealed = {name: {"sealed": seal(self.public_key, value.encode())} for name, value in (secrets or {}).items()}
        plan = fields.pop("plan", None) or Plan(kind, steps)
        known: dict[str, Any] = {"request": {"kind": kind}, "host_id": self.host_id, **fields}
        result = self.store.jobs.submit(Submission(kind=kind, plan=plan, secrets=sealed, **known))
        assert result.job is not None
        return result.job.id

    def state(self, job_id: str) -> str:
        """Return the job's state."""
        job = self.store.jobs.get(job_id)
        return str(job.state) if job else ""

    def states(self, job_id: str) -> dict[str, str]:
        """Return the states of the job's steps."""
        return {item.id: str(item.state) for item in self.store.jobs.steps(job_id)}

    def events(self, job_id: str) -> list[Event]:
        """Return the job's events."""
        return list(self.store.events.page(job_id, "", 10_000)[0])

    def types(self, job_id: str) -> list[str]:
        """Return the types of the job's events."""
        return [str(event.type) for event in self.events(job_id)]

    def dump(self) -> str:
        """Return everything that the ledger holds as text, for the search of secrets."""
        client: Any = self.store.client
        readers: dict[str, Callable[[str], Any]] = {
            "hash": client.hgetall,
            "string": client.get,
            "stream": client.xrange,
            "set": client.smembers,
            "list": lambda key: client.lrange(key, 0, -1),
            "zset": lambda key: client.zrange(key, 0, -1),
        }
        return "\n".join(f"{key} {readers[client.type(key)](key)}" for key in client.scan_iter())

    def in_thread(self) -> threading.Thread:
        """Run `hands.work` in a thread of its own, with renewals."""
        thread = threading.Thread(target=self.hands.work, daemon=True)
        thread.start()
        return thread


@contextmanager
def open_workshop(
    redis_url: str, sandbox: SandboxProcess | None, handlers: Mapping[str, Handler] | None = None, auth: str = "basic"
) -> Iterator[Workshop]:
    """Lend a workshop; its connections and sessions are closed afterwards."""
    settings = Settings(redis_url, "w1@test", has_stable_name=True, namespace="t", lease_seconds=30, poll_seconds=0.2)
    private_key = new_private_key()
    public_key = public_key_of(private_key)
    store = Store.open(redis_url, StoreSettings(namespace="t"))
    keyring = Keyring(lambda box: open_sealed(private_key, box))
    draining = threading.Event()
    hosts = Hosts(store.hosts, keyring, settings.poll_seconds, settings.worker_name)
    known = {**HANDLERS, **(handlers or {})}
    keeper = LeaseKeeper(store.leases, settings.lease_seconds, 0.2, 1.0)
    runner = Runner(Tools(store.leases, hosts.line, keyring, draining, handlers=known))
    hands = Hands(settings, store, keeper, runner, Sender(keyring), Slots(total=4), draining.is_set)
    host_id = _register(store, sandbox, public_key, auth) if sandbox else ""
    keeper.start()
    try:
        yield Workshop(store, hands, hosts, draining, private_key, public_key, host_id)
    finally:
        keeper.stop()
        hosts.close_idle(everything=True)
        store.client.close()


def _register(store: Store, sandbox: SandboxProcess, public_key: str, auth: str) -> str:
    host = Host(
        id=new_id("host", 1_800_000_000.0),
        name="hv01",
        address=sandbox.address,
        port=sandbox.port,
        scheme=sandbox.scheme,
        auth=auth,
        username="Administrator",
        secrets={"password": {"sealed": seal(public_key, PASSWORD.encode())}},
        ca_pem=sandbox.ca_pem,
    )
    return store.hosts.put(host).id


def worker_environ(redis_url: str, folder: Path) -> dict[str, str]:
    """Return the environment of a worker process on the test's own database, with a private key of its own."""
    key = folder / "private.key"
    key.write_text(new_private_key())
    return {
        **os.environ,
        "MATRYOSHKA_REDIS_URL": redis_url,
        "MATRYOSHKA_NAMESPACE": "t",
        "MATRYOSHKA_PRIVATE_KEY_FILE": str(key),
        "MATRYOSHKA_HEARTBEAT_SECONDS": "1",
        "MATRYOSHKA_LEASE_SECONDS": "10",
    }
