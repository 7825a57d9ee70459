"""The lines that PowerShell's out-of-process transport speaks over standard input and output.

One XML element a line: Data carries fragments and is answered by DataAck, Command by CommandAck, Signal by SignalAck,
Close by CloseAck. PSGuid is the pipeline's id, or zero for the runspace pool. The engine handles each line in a thread
of its own: only the wait for an acknowledgement keeps two of them in order. After CloseAck it waits to be ended.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from dataclasses import dataclass
from typing import Final

POOL: Final = str(uuid.UUID(int=0)).upper()
DATA, DATA_ACK = "Data", "DataAck"
COMMAND, COMMAND_ACK = "Command", "CommandAck"
SIGNAL = "Signal"
CLOSE, CLOSE_ACK = "Close", "CloseAck"
_LINE: Final = re.compile(rb"^<(\w+)(?: Stream='\w+')? PSGuid='([0-9A-Fa-f-]{36})' ?(?:/>|>([A-Za-z0-9+/=]*)</\1>)\s*$")


class UnreadableLineError(Exception):
    """Not a line of the transport. The text is its length only: what it holds may be a value."""


@dataclass(frozen=True)
class Line:
    """One element. `target` is the pipeline's id in upper case, POOL for the pool."""

    kind: str
    target: str
    data: bytes = b""

    @property
    def acknowledgement(self) -> tuple[str, str] | None:
        """Kind and target of the line that must come before another may be sent; None: nobody waits."""
        waited = {DATA: DATA_ACK, COMMAND: COMMAND_ACK}.get(self.kind)
        return (waited, self.target) if waited else None

    def text(self) -> bytes:
        """The line as it is written."""
        guid = self.target.lower()
        if self.kind == DATA:
            return f"<Data Stream='Default' PSGuid='{guid}'>{base64.b64encode(self.data).decode()}</Data>\n".encode()
        return f"<{self.kind} PSGuid='{guid}' />\n".encode()


def read_line(text: bytes) -> Line:
    """Read one line of the engine.

    Raises:
        UnreadableLineError: it is none.
    """
    match = _LINE.match(text)
    if match is None:
        raise UnreadableLineError(f"{len(text)} bytes")
    try:
        data = base64.b64decode(match[3] or b"", validate=True)
    except binascii.Error as error:
        raise UnreadableLineError(f"{len(text)} bytes") from error
    return Line(match[1].decode(), match[2].decode().upper(), data)
