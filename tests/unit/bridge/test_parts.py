"""The bridge's reading of lines and fragments, and its command line; no engine is started."""

from __future__ import annotations

import struct
import sys
import uuid
from pathlib import Path

import pytest

from tests.bridge.fragments import PIPELINE_STATE, SESSION_CAPABILITY, PipelineEnd, PoolMemory, split
from tests.bridge.lines import COMMAND, DATA, POOL, SIGNAL, Line, UnreadableLineError, read_line
from tests.bridge.options import OptionsError, parse_options

_ID = str(uuid.UUID(int=7)).upper()


def _message(kind: int, text: bytes = b"") -> bytes:
    return struct.pack("<II16s16s", 1, kind, bytes(16), bytes(16)) + text


def _fragment(object_id: int, number: int, flags: int, payload: bytes) -> bytes:
    return struct.pack(">QQBI", object_id, number, flags, len(payload)) + payload


def _state(number: int) -> bytes:
    return _message(PIPELINE_STATE, f'<I32 N="PipelineState">{number}</I32>'.encode())


def test_lines_are_read_as_they_are_written() -> None:
    """Data and commands survive the way; only what the engine acknowledges is waited for."""
    for line in (Line(DATA, _ID, b"\x00\xff"), Line(COMMAND, _ID), Line(SIGNAL, POOL)):
        assert line == read_line(line.text())
    waited = [Line(kind, _ID).acknowledgement for kind in (DATA, COMMAND, SIGNAL)]
    assert [("DataAck", _ID), ("CommandAck", _ID), None] == waited


@pytest.mark.parametrize(
    "text", [b"\n", b"hello\n", b"<Data PSGuid='x'>AA==</Data>\n", f"<Data PSGuid='{_ID}'>A</Data>".encode()]
)
def test_other_lines_are_refused_without_their_text(text: bytes) -> None:
    """What is no line of the transport is an error that tells its length only."""
    with pytest.raises(UnreadableLineError, match=r"^\d+ bytes$"):
        read_line(text)


def test_a_pipeline_ends_with_its_last_fragment() -> None:
    """The end is the last fragment of a final state, in however many it comes; nothing else is."""
    end, whole = PipelineEnd(), _state(5)
    parts = [
        _fragment(1, 0, 3, _state(2)),
        _fragment(2, 0, 3, _message(0x00041004, b'<S>N="PipelineState">4</S>')),
        _fragment(3, 0, 1, whole),
        _fragment(3, 1, 0, b"more"),
        _fragment(3, 2, 2, b"end"),
    ]
    fragments = split(b"".join(parts))

    assert parts == [fragment.packet for fragment in fragments]
    assert [False, False, False, False, True] == [end.is_reached(fragment) for fragment in fragments]


@pytest.mark.parametrize("cut", [1, 25])
def test_cut_fragments_are_refused(cut: int) -> None:
    """Half a fragment is never passed on."""
    with pytest.raises(ValueError, match="cut off"):
        split(_fragment(1, 0, 3, _message(PIPELINE_STATE))[:-cut] if cut > 1 else b"\x00")


def test_a_later_client_is_told_what_the_first_one_was() -> None:
    """Connect answers the engine's own capability and the runspaces that the first client asked for."""
    memory = PoolMemory()
    asked = _message(0x00010004, b'<I32 N="MinRunspaces">2</I32><I32 N="MaxRunspaces">5</I32>')
    capability = _fragment(1, 0, 3, _message(SESSION_CAPABILITY, b"<Obj/>"))
    memory.opened(_fragment(1, 0, 3, asked))
    for fragment in split(capability + _fragment(2, 0, 3, _message(0x00021005))):
        memory.seen(fragment)
    answer = memory.response()

    assert answer.startswith(capability)
    (told,) = split(answer[len(capability) :])
    assert (0x0002100B, True) == (told.message_type, b'"MinRunspaces">2<' in told.payload)
    assert b'"MaxRunspaces">5<' in told.payload


def test_the_password_is_not_the_engines(tmp_path: Path) -> None:
    """The engine's environment is ours with what was asked for, and without the password."""
    environ = {"BRIDGE_PASSWORD": "geheim", "KEPT": "1", "PSModulePath": "old"}
    given = ["--pwsh", sys.executable, "--env", "NEW=a=b", "--module-path", str(tmp_path), "--module-path", "/b"]
    options = parse_options(given, environ)

    assert {"KEPT": "1", "NEW": "a=b", "PSModulePath": f"{tmp_path}:/b"} == options.environment
    assert "geheim" not in repr(options)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--env", "X"], "--env"),
        (["--startup", "/no/such.ps1"], "--startup"),
        (["--configuration", "a=/no/such.pssc"], "--configuration"),
        (["--auth", "kerberos"], "--auth"),
        (["--pwsh", "/no/such/pwsh"], "--pwsh"),
        (["--password-env", "NOT_THERE"], "NOT_THERE"),
    ],
)
def test_impossible_options_are_named(arguments: list[str], named: str) -> None:
    """Each impossible option is refused by its name before anything starts."""
    with pytest.raises(OptionsError, match=named):
        parse_options(["--pwsh", sys.executable, *arguments], {"BRIDGE_PASSWORD": "x"})
