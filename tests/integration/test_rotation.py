"""Key rotation: everything that is stored is sealed anew, while others write, and nothing is lost."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from service.ledger.plan import Plan, Step
from service.ledger.rotation import UNNAMED, rotate, usage
from service.ledger.sealing import PrivateKeys, key_id, new_private_key, public_key_of, seal
from service.ledger.store import Endpoint, Host, SealedRecord, SealedStore, Store, Submission
from tests.conftest import ROOT

OLD, NEW = new_private_key(), new_private_key()
OLD_ID, NEW_ID = key_id(public_key_of(OLD)), key_id(public_key_of(NEW))
BOTH = PrivateKeys((OLD, NEW))


def _box(value: str, key: str = OLD) -> dict[str, str]:
    return {"sealed": seal(public_key_of(key), value.encode())}


def _opened(secrets: Any) -> dict[str, str]:
    """Open with the new key only."""
    new = PrivateKeys((NEW,))
    return {name: new.open(secret["sealed"]).decode() for name, secret in secrets.items() if "sealed" in secret}


@pytest.fixture
def store(redis_client: redis.Redis) -> Store:
    """A ledger with a host, an endpoint with two secrets, and a job that makes a lab."""
    store = Store(redis_client)
    store.hosts.put(Host("host_1", "h1", "h1.example", secrets={"password": _box("host-password")}))
    store.hosts.put(Host("host_2", "h2", "h2.example", secrets={"password": {"ref": "env:MATRYOSHKA_SECRET_H2"}}))
    both = {"current": _box("whsec_current"), "previous": _box("whsec_previous")}
    store.endpoints.put(Endpoint("we_1", "https://example.org/", secrets=both))
    _submit(store, "job_1")
    return store


def _submit(store: Store, job_id: str, key: str = OLD) -> None:
    secrets = {"guest_administrator": _box("guest-password", key), "callback_secret": _box("whsec_callback", key)}
    plan = Plan("nested_host", (Step(id="one", action="InspectHost", title="One"),))
    first = job_id == "job_1"
    submission = Submission(
        kind="nested_host",
        plan=plan,
        request={"kind": "nested_host"},
        secrets=secrets,
        host_id="host_1",
        lab_id="lab_1" if first else "",
        creates_lab=first,
    )
    store.jobs.submit(submission, job_id)


def _job_secrets(store: Store, job_id: str) -> Any:
    return json.loads(store.client.hget(f"mk:job:{job_id}", "secrets") or "{}")


def test_everything_stored_opens_with_the_new_key_alone(store: Store) -> None:
    """Hosts, endpoints, jobs and labs are sealed anew with the same values; references and versions stay."""
    before = store.hosts.get("host_1")
    done = rotate(store.sealed, BOTH)
    host, endpoint = store.hosts.get("host_1"), store.endpoints.get("we_1")
    assert before
    assert host
    assert endpoint

    assert {"host": 1, "endpoint": 2, "job": 2, "lab": 1} == dict(done.resealed)
    assert [] == done.left
    assert {"password": "host-password"} == _opened(host.secrets)
    assert dataclasses.replace(before, secrets=host.secrets) == host
    assert {"current": "whsec_current", "previous": "whsec_previous"} == _opened(endpoint.secrets)
    jobs = {"guest_administrator": "guest-password", "callback_secret": "whsec_callback"}
    assert jobs == _opened(_job_secrets(store, "job_1"))
    assert {"guest_administrator": "guest-password"} == _opened(store.labs.secrets("lab_1"))
    assert {"host": 1, "endpoint": 2, "job": 2, "lab": 1} == _sealed_with(store, NEW_ID)
    assert 1 == usage(store.sealed)["host", "env"]


def _sealed_with(store: Store, name: str) -> dict[str, int]:
    return {kind: count for (kind, way), count in usage(store.sealed).items() if way == name}


def test_repeating_does_nothing(store: Store) -> None:
    """A second run finds nothing to do and changes no byte."""
    rotate(store.sealed, BOTH)
    texts = [record.text for record in store.sealed.scan()]

    assert 0 == rotate(store.sealed, BOTH).resealed.total()
    assert texts == [record.text for record in store.sealed.scan()]


def test_boxes_of_before_there_were_key_ids_are_taken_along(store: Store) -> None:
    """A box without a key id opens with whichever key fits, and has an id afterwards."""
    record = next(record for record in store.sealed.scan() if record.id == "host_1")
    bare = {"password": {"sealed": _box("host-password")["sealed"].partition(":")[2]}}
    assert store.sealed.replace(record, bare)
    assert 1 == usage(store.sealed)["host", UNNAMED]
    rotate(store.sealed, BOTH)
    host = store.hosts.get("host_1")
    assert host

    assert {"password": "host-password"} == _opened(host.secrets)
    assert {} == _sealed_with(store, UNNAMED)


def test_what_no_key_opens_is_told_and_left(store: Store) -> None:
    """A box of a lost key stays as it is and is named, without stopping the rest."""
    store.hosts.put(Host("host_3", "h3", "h3.example", secrets={"password": _box("x", new_private_key())}))
    done = rotate(store.sealed, BOTH)

    assert 1 == len(done.left)
    assert done.left[0].startswith("host host_3 password: there is no private key")
    assert 6 == done.resealed.total()


class _Interrupted(SealedStore):
    """Dies before its third write."""

    writes = 0

    def replace(self, record: SealedRecord, secrets: Any) -> bool:
        """Write, or die."""
        self.writes += 1
        if self.writes == 3:
            raise KeyboardInterrupt
        return super().replace(record, secrets)


def test_an_interrupted_run_loses_nothing(store: Store) -> None:
    """After a run that died in the middle everything opens with both keys, and the next run does the rest."""
    with pytest.raises(KeyboardInterrupt):
        rotate(_Interrupted(store.sealed._scripts), BOTH)
    boxes = [
        secret["sealed"] for record in store.sealed.scan() for secret in record.secrets.values() if "sealed" in secret
    ]

    assert 6 == len([BOTH.open(box) for box in boxes])
    assert {OLD_ID, NEW_ID} == {box.partition(":")[0] for box in boxes}
    assert 3 == rotate(store.sealed, BOTH).resealed.total()
    assert 6 == sum(_sealed_with(store, NEW_ID).values())


class _Overtaken(SealedStore):
    """Lets somebody else change the host between its read and its write, once."""

    done = False

    def replace(self, record: SealedRecord, secrets: Any) -> bool:
        """Change the password first."""
        if record.id == "host_1" and not self.done:
            self.done = True
            store = Store(self._scripts.client)
            host = store.hosts.get("host_1")
            assert host
            store.hosts.update(dataclasses.replace(host, secrets={"password": _box("changed meanwhile")}))
        return super().replace(record, secrets)


def test_a_password_that_changes_meanwhile_is_not_lost(store: Store) -> None:
    """A new password that is stored between read and write stays, and is sealed anew."""
    rotate(_Overtaken(store.sealed._scripts), BOTH)
    host = store.hosts.get("host_1")
    assert host

    assert {"password": "changed meanwhile"} == _opened(host.secrets)


def test_it_runs_while_jobs_are_submitted_and_claimed(store: Store) -> None:
    """Jobs that come and are claimed during the run keep their secrets; in the end all are under the new key."""
    stop = threading.Event()
    submitted: list[str] = []
    claimed: dict[str, Any] = {}

    def submit() -> Iterator[None]:
        while not stop.is_set():
            name = f"job_{len(submitted) + 2}"
            _submit(store, name, OLD if len(submitted) < 40 else NEW)
            submitted.append(name)
            claim = store.leases.claim("w1", 60)
            if claim is not None:
                claimed[claim.job_id] = claim.secrets
            yield

    thread = threading.Thread(target=lambda: [None for _ in submit()])
    thread.start()
    while len(submitted) < 60:
        rotate(store.sealed, BOTH)
    stop.set()
    thread.join()
    rotate(store.sealed, BOTH)

    wanted = {"guest_administrator": "guest-password", "callback_secret": "whsec_callback"}
    assert all(_opened(_job_secrets(store, name)) == wanted for name in submitted)
    assert len(claimed) > 10
    for secrets in claimed.values():
        assert wanted == {name: BOTH.open(secret["sealed"]).decode() for name, secret in secrets.items()}


def _command(redis_url: str, *arguments: str, keys: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "MATRYOSHKA_REDIS_URL": redis_url}
    if keys:
        environ["MATRYOSHKA_PRIVATE_KEY_FILE"] = str(keys / "sealing.key")
    argv = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=environ)


def test_an_operator_rotates(store: Store, redis_url: str, tmp_path: Path) -> None:
    """Add a key, rotate, look, forget the old key: no command shows a key, and forgetting too early is refused."""
    (tmp_path / "sealing.key").write_text(OLD + "\n")
    (tmp_path / "sealing.key").chmod(0o600)
    (tmp_path / "sealing.pub").write_text(public_key_of(OLD) + "\n")
    directory = ("--directory", str(tmp_path))
    added = _command(redis_url, "sealing-key", "add", *directory)
    keys = PrivateKeys.parse((tmp_path / "sealing.key").read_text())
    early = _command(redis_url, "sealing-key", "forget-old", *directory)
    before = _command(redis_url, "secrets", "status", "--json", keys=tmp_path)
    rotated = _command(redis_url, "secrets", "rotate", keys=tmp_path)
    after = _command(redis_url, "secrets", "status", "--json", keys=tmp_path)
    forgot = _command(redis_url, "sealing-key", "forget-old", *directory)

    assert [0, 1, 0, 0, 0, 0] == [item.returncode for item in (added, early, before, rotated, after, forgot)]
    assert OLD == keys.keys[0]
    assert "secrets still need an old key" in early.stderr
    notes = [{row["note"] for row in json.loads(item.stdout)} for item in (before, after)]
    assert [{"an old key", "a reference"}, {"the newest key", "a reference"}] == notes
    assert "1 of hosts" in rotated.stdout
    assert keys.keys[1:] == PrivateKeys.parse((tmp_path / "sealing.key").read_text()).keys
    assert keys.newest_public == (tmp_path / "sealing.pub").read_text().strip()
    assert 0o600 == (tmp_path / "sealing.key").stat().st_mode & 0o777
    shown = "".join(item.stdout + item.stderr for item in (added, early, before, rotated, after, forgot))
    assert not [key for key in keys.keys if key in shown]


def test_rotation_needs_the_private_keys(store: Store, redis_url: str, tmp_path: Path) -> None:
    """Without private keys nothing is rotated; with only the newest the command says what is left, and fails."""
    (tmp_path / "sealing.key").write_text(NEW)
    without = _command(redis_url, "secrets", "rotate")
    wrong = _command(redis_url, "secrets", "rotate", keys=tmp_path)

    assert 2 == without.returncode
    assert 1 == wrong.returncode
    assert "6 secrets are still under an old key" in wrong.stderr
    assert {"host": 1, "endpoint": 2, "job": 2, "lab": 1} == _sealed_with(store, OLD_ID)


def test_the_web_process_knows_nothing_of_private_keys() -> None:
    """The web process loads neither rotation nor its commands, and no source of it names the private keys' variable."""
    names = "service.ledger.rotation", "service.commands.sealing", "workers.unsealing"
    program = f"import sys, service.app; print([name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    sources = [ROOT / "service" / "app.py", ROOT / "service" / "settings.py", *(ROOT / "service" / "api").rglob("*.py")]

    assert "[]" == done.stdout.strip()
    assert [] == [str(path) for path in sources if "MATRYOSHKA_PRIVATE_KEY" in path.read_text()]
