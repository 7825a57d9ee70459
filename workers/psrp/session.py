"""One session to a host: one WSMan connection, one runspace pool, used by one thread at a time.

Sharing any of these between running threads corrupts the serializer's tables, and on NTLM the sealed connection
(docs/sources.md P7). A session is handed over only while nothing runs on it, and is renewed, never repaired.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

import structlog
from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import DEFAULT_CONFIGURATION_NAME, PowerShell, RunspacePool
from pypsrp.serializer import Serializer
from pypsrp.wsman import NAMESPACES, SelectorSet, WSMan

from workers.errors import AccessDenied, HostMisconfigured, HostUnreachable, HostUntrusted, ProtocolBroken, WorkerError
from workers.psrp.classify import wire_errors
from workers.psrp.transport import Endpoint, Timeouts, open_connection

log = structlog.get_logger(__name__)

# Windows marks a shell Disconnected after 60 s without traffic, and HTTP.sys closes the connection after 120 s.
IDLE_SECONDS = 45.0
# How long the host keeps the shell of a worker that is gone: a call that runs in it is joined through the journal
# meanwhile, and afterwards the shell counts no more against MaxShellsPerUser.
_SHELL_IDLE_SECONDS = 900

_SHELL_URI = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"


@dataclass(frozen=True)
class CallIds:
    """What finds a running call on the host again."""

    session_id: str
    shell_id: str
    command_id: str


class HostSession:
    """An open shell on one host. Not safe for two threads at once; `take` makes breaking that rule loud.

    `is_broken`: not to be used again. `is_left`: a call may still run in it, so it is not deleted when it is given
    back.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        timeouts: Timeouts,
        *,
        name: str = "",
        connect: Callable[[Endpoint, Timeouts], WSMan] = open_connection,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.endpoint = endpoint
        self.timeouts = timeouts
        self.module_checked = False
        self._monotonic = monotonic
        self.connection = connect(endpoint, timeouts)
        self.pool = _Pool(
            self.connection,
            configuration_name=endpoint.configuration_name or DEFAULT_CONFIGURATION_NAME,
            idle_timeout=_SHELL_IDLE_SECONDS,
        )
        self.pool.shell.name = name or None
        self._owner: int | None = None
        self._last_used = monotonic()
        self.is_broken = False
        self.is_deleted = False
        self.is_left = False

    def open(self) -> None:
        """Open the shell. Raises a WorkerError, and then deletes what the host may have made of it."""
        try:
            with wire_errors():
                self.pool.open()
        except (HostUnreachable, HostUntrusted, AccessDenied, HostMisconfigured):
            self.abandon()
            self.is_deleted = True
            raise
        except WorkerError:
            # pypsrp leaks the shell when the answer to Create or to the first Receive does not come.
            self.discard()
            raise
        self._last_used = self._monotonic()

    @property
    def is_fresh(self) -> bool:
        """Whether the session may be used again: not broken, and idle for less than 45 seconds."""
        return not self.is_broken and self._monotonic() - self._last_used < IDLE_SECONDS

    def take(self) -> None:
        """Make the calling thread the owner; raises ProtocolBroken when another thread still is."""
        if self._owner is not None:
            raise ProtocolBroken("a session was given to two threads")
        self._owner = threading.get_ident()

    def give(self) -> None:
        """End the calling thread's ownership."""
        self._owner = None
        self._last_used = self._monotonic()

    def powershell(self) -> PowerShell:
        """Return a new pipeline of this session; raises ProtocolBroken when the caller does not own the session."""
        if self._owner != threading.get_ident():
            raise ProtocolBroken("a session was used by a thread that does not own it")
        return PowerShell(self.pool)

    def ids(self, powershell: PowerShell) -> CallIds:
        """Return what finds this pipeline again. Known before it is started: the client chooses all three."""
        return CallIds(str(self.connection.session_id), str(self.pool.id), str(powershell.id))

    def exchange_keys(self) -> None:
        """Agree on the session key that SecureStrings need. Safe to repeat."""
        with wire_errors():
            self.pool.exchange_keys()

    def reset_transport(self) -> None:
        """Forget the TCP connection and its security context; the shell stays. The next request authenticates anew."""
        self.connection.close()
        self.connection.transport.session = None
        self.connection.transport.encryption = None

    def knows_command(self, command_id: str) -> bool:
        """Ask the host whether it has this command in our shell."""
        with wire_errors():
            return any(_same_id(found, command_id) for found in self._commands(str(self.pool.id)))

    def delete_former_shells(self, known: Container[str]) -> int:
        """Delete shells of our name that are not `known` (ids in upper case) and run nothing; returns how many.

        They are a killed process's: each counts against the host's quota until it has idled for a quarter of an hour. A
        shell with a command stays, for whoever goes on with the step joins that command through the journal.
        """
        name, deleted = self.pool.shell.name, 0
        with wire_errors():
            found = self.connection.enumerate(_SHELL_URI, _enumeration())
            for shell in found.iterfind(".//rsp:Shell", NAMESPACES):
                shell_id = (shell.findtext("rsp:ShellId", "", NAMESPACES) or "").upper()
                if not name or shell.findtext("rsp:Name", "", NAMESPACES) != name or shell_id in known:
                    continue
                if shell_id and not self._commands(shell_id):
                    self._delete_shell(shell_id)
                    deleted += 1
        return deleted

    def _commands(self, shell_id: str) -> list[str]:
        selectors = SelectorSet()
        selectors.add_option("ShellId", shell_id)
        body = _enumeration()
        dialect = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
        ET.SubElement(body, f"{{{NAMESPACES['wsman']}}}Filter", Dialect=dialect).append(selectors.pack())
        answer = self.connection.enumerate(f"{_SHELL_URI}/Command", body)
        return [item.text or "" for item in answer.iterfind(".//rsp:CommandId", NAMESPACES)]

    def discard(self) -> None:
        """Stop what runs, delete the shell, close the connection. What fails is only logged; safe to repeat."""
        if self.is_deleted:
            return
        if self.is_broken:
            # A sealed connection that failed once answers 400 for ever; the shell itself may still be there.
            self.reset_transport()
        try:
            with wire_errors():
                self._stop_running()
                self._delete_shell(str(self.pool.id))
            self.is_deleted = True
        except WorkerError as error:
            log.info("session_close_failed", host_id=self.endpoint.host_id, code=error.code)
        self.abandon()

    def abandon(self) -> None:
        """Close the connection only: what runs on the host goes on, and its result is in the journal."""
        self.is_broken = True
        self.reset_transport()

    def _stop_running(self) -> None:
        for powershell in list(self.pool.pipelines.values()):
            if powershell.state == PSInvocationState.RUNNING:
                powershell.stop()

    def _delete_shell(self, shell_id: str) -> None:
        # By the id that we chose, not by pypsrp's state: it forgets shells whose open() failed half-way.
        selectors = SelectorSet()
        selectors.add_option("ShellId", shell_id)
        self.connection.delete(self.pool.shell.resource_uri, selector_set=selectors)


# Half of a surrogate pair, as CLIXML spells it.
_HALF = re.compile(r"_xD[89AB][0-9A-F]{2}_(?!_xD[C-F][0-9A-F]{2}_)|(?<!_xD[89AB][0-9A-F]{2}_)_xD[C-F][0-9A-F]{2}_")


class _Serializer(Serializer):
    def _deserialize_string(self, value: str | None) -> str:
        try:
            return super()._deserialize_string(value)
        except UnicodeDecodeError:
            # Windows lets names hold half a pair; pypsrp cannot read the whole answer then, however often it comes.
            return super()._deserialize_string(_HALF.sub("_xFFFD_", value or ""))


class _Pool(RunspacePool):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # One object in both places: the session's key is given to the first, answers are read by the second.
        self._serializer = self._fragmenter.serializer = _Serializer()

    def _process_runspacepool_warning(self, message: Any) -> None:
        # pypsrp raises these as Python warnings, and the filters of that module are not safe between threads.
        log.warning("runspace_pool_warned", message=str(message.data)[:200])


def _enumeration() -> ET.Element:
    body = ET.Element(f"{{{NAMESPACES['wsen']}}}Enumerate")
    ET.SubElement(body, f"{{{NAMESPACES['wsman']}}}OptimizeEnumeration")
    ET.SubElement(body, f"{{{NAMESPACES['wsman']}}}MaxElements").text = "32000"
    return body


def _same_id(found: str | None, wanted: str) -> bool:
    try:
        return uuid.UUID(found or "") == uuid.UUID(wanted)
    except ValueError:
        return False
