"""What waits to be received: order, size, acknowledgement and redelivery."""

from __future__ import annotations

import pytest

from sandbox import codes
from sandbox.outbox import ClientGoneError, Outbox, Taker
from sandbox.soap import WSManFault


def taker(request: str, *, alive: bool = True, room: int = 1000, seconds: float = 0.0) -> Taker:
    """Somebody who receives."""
    return Taker(request, seconds, room, lambda: alive)


def test_packets_leave_in_order_and_as_many_as_fit() -> None:
    """An answer takes what fits, at least one packet; the last answer says so."""
    outbox = Outbox()
    outbox.put([b"a" * 600, b"b" * 600, b"c"], done=True)
    answers = [outbox.take(taker(name)) for name in ("1", "2", "3")]

    assert [(b"a" * 600,), (b"b" * 600, b"c"), ()] == [answer.packets for answer in answers]
    assert [False, True, True] == [answer.is_last for answer in answers]


def test_nothing_to_take_is_the_time_out_fault() -> None:
    """An empty outbox answers fault 2150858793 when the time is over."""
    with pytest.raises(WSManFault) as waited:
        Outbox().take(taker("1"))

    assert codes.TIMED_OUT == waited.value.code


def test_the_unacknowledged_answer_is_sent_again_after_a_take_over() -> None:
    """Connect sends the last answer once more, under its old MessageID; what was acknowledged does not come back."""
    outbox = Outbox()
    outbox.put([b"one"])
    outbox.take(taker("1"))
    outbox.put([b"two"])
    kept = outbox.take(taker("2"))
    outbox.resend()
    again = outbox.take(taker("3"))

    assert ((b"two",), kept.message_id) == (again.packets, again.message_id)


def test_a_dead_client_takes_nothing() -> None:
    """Packets stay when the connection is gone before the answer leaves."""
    outbox = Outbox()
    outbox.put([b"one"])
    with pytest.raises(ClientGoneError):
        outbox.take(taker("1", alive=False))

    assert (b"one",) == outbox.take(taker("2")).packets


def test_a_dropped_outbox_answers_a_fault() -> None:
    """Without its shell an outbox has no answers."""
    outbox = Outbox()
    outbox.drop()
    with pytest.raises(WSManFault) as aborted:
        outbox.take(taker("1", seconds=5))

    assert codes.OPERATION_ABORTED == aborted.value.code


def test_the_first_reason_of_a_drop_is_answered() -> None:
    """Who waits learns why the shell ended first, not that it was cleared away afterwards."""
    outbox = Outbox()
    outbox.drop(codes.receive_in_progress)
    outbox.drop()
    with pytest.raises(WSManFault) as told:
        outbox.take(taker("1", seconds=5))

    assert codes.RECEIVE_IN_PROGRESS == told.value.code
