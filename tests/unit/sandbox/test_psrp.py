"""The repairs of psrpcore's server side; each test fails when upstream changes what made the repair necessary."""

from __future__ import annotations

import uuid
from typing import Any

import psrpcore
import pytest
from psrpcore import types as ps

from sandbox.machine import Command, PsError
from sandbox.psrp import (
    FRAGMENT_BYTES,
    Ended,
    InputArrived,
    InputEnded,
    PipelineCreated,
    PsrpPool,
    UnreadableError,
)


class Pair:
    """A client pool and our server pool, joined by hand."""

    def __init__(self) -> None:
        self.client = psrpcore.ClientRunspacePool()
        self.server = PsrpPool()
        self.client.open()
        self.up()
        self.down()

    def up(self) -> list[Any]:
        """Client to server; what the server made of it."""
        made: list[Any] = []
        while (payload := self.client.data_to_send()) is not None:
            made += self.server.feed(payload.data)
        return made

    def down(self) -> list[Any]:
        """Server to client; what the client understood."""
        for packet in self.server.drain():
            self.client.receive_data(psrpcore.PSRPPayload(packet.data, psrpcore.StreamType.default, None))
        events = []
        while (event := self.client.next_event()) is not None:
            events.append(event)
        return events

    def start(self, name: str = "Get-Thing", *, no_input: bool = True, **parameters: Any) -> tuple[Any, list[Any]]:
        """Start a pipeline; its id in our form and what the server made of it."""
        pipeline = psrpcore.ClientPowerShell(self.client, no_input=no_input)
        pipeline.add_command(psrpcore.Command(name))
        pipeline.add_parameters(**parameters)
        pipeline.start()
        self.server.add_pipeline(str(pipeline.pipeline_id))
        return pipeline, self.up()


def test_a_pipeline_arrives_as_native_commands() -> None:
    """CREATE_PIPELINE becomes statements of commands with native parameters."""
    pipeline, events = Pair().start(Name="x", Count=3)
    expected = PipelineCreated(
        str(pipeline.pipeline_id).upper(), ((Command("Get-Thing", False, {"Name": "x", "Count": 3}, ()),),), False
    )

    assert [expected] == events


def test_no_running_state_is_sent() -> None:
    """Repair 1: starting a pipeline queues nothing."""
    pair = Pair()
    pair.start()

    assert [] == list(pair.server.drain())


def test_upstream_start_still_sends_a_state() -> None:
    """Repair 1 is needed as long as ServerPipeline.start queues PIPELINE_STATE."""
    pool = psrpcore.ServerRunspacePool()
    pipeline = psrpcore.ServerPipeline(pool, uuid.uuid4())
    pipeline.start()

    assert 1 == len(pool._send_buffer)


def test_a_pipeline_fails_with_its_record() -> None:
    """Repair 2: state Failed carries id, category, type and HResult."""
    pair = Pair()
    pipeline, _ = pair.start()
    error = PsError("Some.Id,Get-Thing", "ResourceBusy", "busy", exception_type="System.IO.IOException", target="disk")
    pair.server.end(str(pipeline.pipeline_id), Ended.FAILED, error, "Get-Thing")
    (event,) = pair.down()

    record = event.reason
    assert (ps.PSInvocationState.Failed, "Some.Id,Get-Thing") == (event.state, record.FullyQualifiedErrorId)
    assert (ps.ErrorCategory.ResourceBusy, "Get-Thing") == (record.CategoryInfo.Category, record.CategoryInfo.Activity)
    assert "disk" == record.TargetObject
    assert not hasattr(psrpcore.ServerPipeline, "fail")


def test_connect_answers_the_capability_and_counts_on() -> None:
    """Repair 3: another client gets capability, counts, data and state, under object ids that go on."""
    pair = Pair()
    other = psrpcore.ClientRunspacePool(runspace_pool_id=pair.client.runspace_pool_id)
    other.state = ps.RunspacePoolState.Disconnected
    other.connect()
    payload = other.data_to_send()
    assert payload is not None
    pair.server.connect(payload.data)
    packets = list(pair.server.drain())
    for packet in packets:
        other.receive_data(psrpcore.PSRPPayload(packet.data, psrpcore.StreamType.default, None))
    kinds = [type(other.next_event()).__name__ for _ in packets]

    assert ["SessionCapability", "RunspacePoolInitData", "ApplicationPrivateData", "RunspacePoolState"] == [
        kind.removesuffix("Event") for kind in kinds
    ]
    assert [4, 5, 6, 7] == [int.from_bytes(packet.data[:8], "big") for packet in packets]


def test_counts_are_set_by_either_spelling_of_the_call_id() -> None:
    """Repair 4: SET_MAX_RUNSPACES is read with `CI`, as Windows and pypsrp send it, and with `ci`."""
    pair = Pair()
    for name in ("CI", "ci"):
        message = ps.PSCustomObject(MaxRunspaces=5, **{name: ps.PSInt64(1)})
        pair.client.prepare_message(message, message_type=ps.PSRPMessageType.SetMaxRunspaces)
        pair.up()
        packets = list(pair.server.drain())

        assert (5, 1) == (pair.server.max_runspaces, len(packets))


def test_null_output_is_nil() -> None:
    """Repair 5: $null is the element Nil, where psrpcore would send an empty body."""
    pair = Pair()
    pipeline, _ = pair.start()
    pair.server.output(str(pipeline.pipeline_id), None)
    (packet,) = pair.server.drain()

    assert packet.data.endswith(b"<Nil />")


def test_a_large_object_leaves_in_fragments() -> None:
    """Repair 6: fragments of a fixed size, which the client puts together again."""
    pair = Pair()
    pipeline, _ = pair.start()
    text = "x" * (3 * FRAGMENT_BYTES)
    pair.server.output(str(pipeline.pipeline_id), text)
    packets = list(pair.server.drain())
    for packet in packets:
        pair.client.receive_data(psrpcore.PSRPPayload(packet.data, psrpcore.StreamType.default, None))
    event = pair.client.next_event()

    assert 4 == len(packets)
    assert text == str(event.data)  # type: ignore[union-attr]


def test_input_arrives_object_by_object() -> None:
    """Pipeline input becomes native values, and its end is an event of its own."""
    pair = Pair()
    pipeline, (created,) = pair.start(no_input=False)
    pipeline.send("one")
    pipeline.send_eof()
    identifier = str(pipeline.pipeline_id).upper()

    assert created.has_input
    assert [InputArrived(identifier, "one"), InputEnded(identifier)] == pair.up()


def test_rubbish_is_unreadable_and_forgotten() -> None:
    """What is no PSRP is refused, and the pool goes on with the next message."""
    pair = Pair()
    with pytest.raises(UnreadableError):
        pair.server.feed(b"rubbish")
    _, events = pair.start()

    assert 1 == len(events)
