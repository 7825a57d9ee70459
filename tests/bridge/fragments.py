"""As much of PSRP as the bridge must see in passing: fragments, how a pipeline ended, and what Connect answers.

Sources: MS-PSRP 2.2.4 (fragments), 2.2.1 (messages), 2.2.3.5 (states), 3.2.5.3.15 and 2.2.2.28 (Connect).
"""

from __future__ import annotations

import re
import struct
import uuid
from dataclasses import dataclass, field
from typing import Final

SESSION_CAPABILITY: Final = 0x00010002
APPLICATION_PRIVATE_DATA: Final = 0x00021009
PIPELINE_STATE: Final = 0x00041006
_POOL_INIT_DATA: Final = 0x0002100B
_KEPT: Final = frozenset({SESSION_CAPABILITY, APPLICATION_PRIVATE_DATA})
_HEAD: Final = struct.Struct(">QQBI")  # object id, fragment id, flags, length
_MESSAGE: Final = struct.Struct("<II16s16s")  # destination, type, runspace pool, pipeline
_START, _END = 1, 2
_TO_CLIENT: Final = 1
_STATE: Final = re.compile(rb'N="PipelineState">(\d+)<')
_FINAL_STATES: Final = frozenset({3, 4, 5})  # stopped, completed, failed
_RUNSPACES: Final = re.compile(rb'<I32 N="(MinRunspaces|MaxRunspaces)">(\d+)</I32>')
# The engine counts its objects from 1: the bridge's own are far above.
_OWN_OBJECT: Final = 2**40


@dataclass(frozen=True)
class Fragment:
    """One fragment as it travels."""

    object_id: int
    flags: int
    payload: bytes
    packet: bytes

    @property
    def message_type(self) -> int:
        """The message's type, 0 when it began in an earlier fragment."""
        return int(_MESSAGE.unpack_from(self.payload)[1]) if self.flags & _START else 0

    @property
    def is_end(self) -> bool:
        """Whether its message is complete now."""
        return bool(self.flags & _END)


def split(data: bytes) -> list[Fragment]:
    """The fragments of a block. Raises ValueError when it is not made of whole fragments."""
    found, at = [], 0
    while at < len(data):
        if len(data) - at < _HEAD.size:
            raise ValueError("a fragment's head is cut off")
        object_id, _, flags, length = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        payload = data[at + _HEAD.size : end]
        if len(payload) != length or (flags & _START and length < _MESSAGE.size):
            raise ValueError("a fragment is cut off")
        found.append(Fragment(object_id, flags, payload, data[at:end]))
        at = end
    return found


@dataclass
class PipelineEnd:
    """Watches the fragments of one pipeline for its last message, which may come in several."""

    _object_id: int | None = None

    def is_reached(self, fragment: Fragment) -> bool:
        """Whether this fragment completes the message that the pipeline has ended."""
        if fragment.message_type == PIPELINE_STATE:
            found = _STATE.search(fragment.payload)
            if found and int(found[1]) in _FINAL_STATES:
                self._object_id = fragment.object_id
        return fragment.is_end and fragment.object_id == self._object_id


@dataclass
class PoolMemory:
    """What a client that connects later must be told, kept from the opening of the pool.

    The engine takes Connect from WinRM's own plug-in only, not over its standard input.
    """

    _packets: dict[int, list[bytes]] = field(default_factory=dict)
    _kept_objects: dict[int, int] = field(default_factory=dict)
    _runspaces: dict[bytes, int] = field(default_factory=dict)
    _pool_id: bytes = uuid.UUID(int=0).bytes_le
    _count: int = 0

    def opened(self, creation: bytes) -> None:
        """Remember how many runspaces the client asked for."""
        self._runspaces = {name: int(number) for name, number in _RUNSPACES.findall(creation)}
        for fragment in split(creation):
            if fragment.flags & _START:
                self._pool_id = _MESSAGE.unpack_from(fragment.payload)[2]

    def seen(self, fragment: Fragment) -> None:
        """Keep a fragment of the pool when it belongs to one of the messages."""
        if fragment.message_type in _KEPT:
            self._kept_objects[fragment.object_id] = fragment.message_type
        kind = self._kept_objects.get(fragment.object_id)
        if kind is not None:
            self._packets.setdefault(kind, []).append(fragment.packet)

    def response(self) -> bytes:
        """The packets of a ConnectResponse: SESSION_CAPABILITY and RUNSPACEPOOL_INIT_DATA."""
        least, most = (self._runspaces.get(name, 1) for name in (b"MinRunspaces", b"MaxRunspaces"))
        text = (
            f'<Obj RefId="0"><MS><I32 N="MinRunspaces">{least}</I32><I32 N="MaxRunspaces">{most}</I32></MS></Obj>'
        ).encode()
        message = _MESSAGE.pack(_TO_CLIENT, _POOL_INIT_DATA, self._pool_id, uuid.UUID(int=0).bytes_le) + text
        self._count += 1
        head = _HEAD.pack(_OWN_OBJECT + self._count, 0, _START | _END, len(message))
        return b"".join([*self._packets.get(SESSION_CAPABILITY, []), head, message])

    def private_data(self) -> list[bytes]:
        """The packets that the new client receives first."""
        return list(self._packets.get(APPLICATION_PRIVATE_DATA, []))
