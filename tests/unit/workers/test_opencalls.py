"""Whether a call is over is asked of its machine, also when the call changed the password that it was begun with."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import Call, FakeHost
from tests.unit.workers.steps.bench import VM_ID, FakeSecrets
from tests.unit.workers.steps.records import ours
from workers.errors import RemoteError
from workers.opencalls import is_over
from workers.psrp.host import OpenCall
from workers.psrp.port import GuestTarget

_INSIDE = OpenCall("job.step.1#1", GuestTarget(VM_ID))
_NEW = "new_guest_administrator"


def _journal(status: str, has: str = "guest_administrator") -> tuple[FakeHost, list[str]]:
    asked: list[str] = []

    def answer(call: Call) -> dict[str, Any]:
        if call.target is not None:
            asked.append(call.target.credential)
            if call.target.credential != has:
                raise ours("GuestCredentialRejected")
        return {"status": status}

    return FakeHost({"Get-NestedCall": answer}), asked


@pytest.mark.parametrize(
    ("status", "over"), [("completed", True), ("abandoned", True), ("absent", True), ("running", False)]
)
def test_the_journal_says_it(status: str, over: bool) -> None:
    """On the host and in a guest."""
    host, _ = _journal(status)

    assert is_over(host, OpenCall("job.step.1#1"), FakeSecrets()) is over  # type: ignore[arg-type]
    assert is_over(host, _INSIDE, FakeSecrets()) is over  # type: ignore[arg-type]


def test_a_guest_is_asked_with_the_password_that_it_has_now() -> None:
    """The old one is tried first, then the new one that this claim brings in."""
    host, asked = _journal("completed", _NEW)

    assert is_over(host, _INSIDE, FakeSecrets()) is True  # type: ignore[arg-type]
    assert asked == ["guest_administrator", _NEW]


def test_a_guest_that_knows_no_password_of_ours_is_an_error() -> None:
    """Nobody can say that the call is over; without a new password no other one is tried."""
    for secrets, tries in ((FakeSecrets(), 2), (FakeSecrets(_NEW), 1)):
        host, asked = _journal("completed", "another")
        with pytest.raises(RemoteError):
            is_over(host, _INSIDE, secrets)  # type: ignore[arg-type]
        assert len(asked) == tries
