"""A node gets the new password with whichever of the lab's passwords it has, and is asked with the new one first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes import Call, FakeHost
from tests.unit.workers.steps.bench import NODE, Bench, FakeSecrets
from tests.unit.workers.steps.records import boot, ours
from workers.errors import NotConverged, RemoteError, StepRefused

_NEW, _PRESENT, _PENDING = "new_guest_administrator", "guest_administrator", "guest_administrator_pending_1"
_JOB = "job_0123456789abcdef0123456789"


class Node:
    """A guest that has one password, and takes another."""

    def __init__(self, has: str, refuses: RemoteError | None = None) -> None:
        self.has, self.refuses, self.asked = has, refuses, list[str]()

    def open(self, call: Call) -> dict[str, Any]:
        """Answer a session with the right password only."""
        assert call.target is not None
        self.asked.append(call.target.credential)
        if call.target.credential != self.has:
            raise ours("GuestCredentialRejected")
        return boot("boot-1")

    def set(self, call: Call) -> dict[str, Any]:
        """Take the new password."""
        self.open(call)
        if self.refuses is not None:
            raise self.refuses
        self.has = _NEW
        return {"changed": True}


def _bench(node: Node, secrets: FakeSecrets | None = None, action: str = "RotatePassword") -> Bench:
    host = FakeHost({"Get-NestedBootIdentity": node.open, "Set-NestedGuestPassword": node.set})
    known = secrets or FakeSecrets(*(f"guest_administrator_pending_{number}" for number in range(1, 10)))
    params = {"guest": {"username": "admin"}, "nodes": [NODE]}
    return Bench(action, host, params, secrets=known, kind="rotate_guest_password")


def test_a_node_gets_the_new_password() -> None:
    """It is set with the present one, under the name that the lab logs on with, and a new session proves it."""
    node = Node(_PRESENT)
    bench = _bench(node)

    assert bench.run() == ("succeeded", {f"node.{NODE}.password": _JOB})
    assert node.asked == [_NEW, _PRESENT, _PRESENT, _NEW]
    (change,) = bench.changes()
    assert change.parameters["user_name"] == "admin"
    assert repr(change.parameters["password"]) == "SecretStr(***)"


def test_a_node_that_has_it_is_left_alone() -> None:
    """Whoever takes a broken step over sees that it is done, and asks with no old password."""
    node = Node(_NEW)
    bench = _bench(node)

    assert bench.run() == ("skipped", {f"node.{NODE}.password": _JOB})
    assert node.asked == [_NEW]
    assert bench.changes() == []


def test_a_node_of_a_broken_rotation_is_reached() -> None:
    """A node that has the password of a rotation that never ended is rotated with that one."""
    node = Node(_PENDING)

    assert _bench(node, FakeSecrets()).run()[0] == "succeeded"
    assert node.asked[:3] == [_NEW, _PRESENT, _PENDING]


def test_a_wrong_present_password_is_refused() -> None:
    """A node that accepts none of our passwords stops the job with what to do, and nothing is changed."""
    node = Node("somebody's own")
    bench = _bench(node)

    with pytest.raises(StepRefused, match="neither") as caught:
        bench.run()
    assert (caught.value.reason, "present_password" in caught.value.remedy) == ("GUEST_CREDENTIAL_REJECTED", True)
    assert bench.changes() == []


def test_a_refused_password_has_its_reason() -> None:
    """What the policy of the node says passes with a code of ours."""
    refusal = RemoteError("x", error_id="InvalidPassword,Microsoft.PowerShell.Commands.SetLocalUserCommand")
    with pytest.raises(RemoteError) as caught:
        _bench(Node(_PRESENT, refusal)).run()

    assert caught.value.code == "PASSWORD_REFUSED"


def test_a_call_of_a_dead_worker_may_win() -> None:
    """When an earlier call sets the password between our look and our call, the step is done all the same."""
    node = Node(_PRESENT)
    bench = _bench(node)
    late: Callable[[Call], dict[str, Any]] = node.set

    def overtaken(call: Call) -> dict[str, Any]:
        node.has = _NEW
        return late(call)

    bench.host.answers["Set-NestedGuestPassword"] = overtaken
    assert bench.run()[0] == "succeeded"


def test_the_lab_s_own_password_waits_for_all_nodes() -> None:
    """The commit refuses while a node lacks the new password of this very job."""
    bench = _bench(Node(_NEW), action="CommitRotation")
    bench.facts = {f"node.{NODE}.password": "job_another"}
    with pytest.raises(NotConverged, match=NODE):
        bench.run()

    bench.facts = {f"node.{NODE}.password": _JOB}
    assert bench.run()[1]["lab.rotation"] == {"state": "done", "job_id": _JOB, "nodes": [NODE]}


def test_a_rotation_begins_with_a_password_that_can_be_read() -> None:
    """Before anything is changed the new password is opened, and the lab is marked."""
    assert _bench(Node(_PRESENT), action="BeginRotation").run()[1] == {
        "lab.rotation": {"state": "begun", "job_id": _JOB}
    }
