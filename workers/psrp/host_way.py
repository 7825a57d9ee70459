"""The way to one host during one claim: implements WayPort with the sockets, the TLS and the client of this worker."""

from __future__ import annotations

from collections.abc import Sequence

from workers.errors import RemoteError
from workers.psrp import handshake, logon, sounding
from workers.psrp.invoke import Invocation
from workers.psrp.line import HostLine
from workers.psrp.module import shipped_module
from workers.psrp.session import HostSession
from workers.psrp.transport import Endpoint, Timeouts, ca_file_of
from workers.psrp.values import text_property
from workers.psrp.way import Offered, Place, Presented, Reached, Resolved, Shipped

_TIMEOUTS = Timeouts()
_OURS = "*-Nested*"


class HostWay:
    """See WayPort. The credential is opened by `log_on` and later stages only."""

    def __init__(self, line: HostLine, timeouts: Timeouts = _TIMEOUTS) -> None:
        self._line = line
        self._timeouts = timeouts

    @property
    def place(self) -> Place:
        """What the record says; see WayPort."""
        bare = self._bare
        pinned = bool(bare.ca_pem)
        return Place(bare.address, bare.port, bare.scheme, bare.auth, bare.username, bare.configuration_name, pinned)

    def resolve(self) -> Resolved:
        """Look the record's address up; see WayPort."""
        return sounding.resolve(self._bare.address, self._bare.port)

    def connect(self, addresses: Sequence[str]) -> Reached:
        """Open a TCP connection; see WayPort."""
        return sounding.connect(addresses, self._bare.port, self._timeouts.connect)

    def present(self) -> Presented:
        """Shake hands; see WayPort."""
        bare = self._bare
        return handshake.shake_hands(
            handshake.Target(bare.address, bare.port, ca_file_of(bare), self._timeouts.connect)
        )

    def ask(self) -> Offered:
        """Post without a credential; see WayPort."""
        bare = self._bare
        address = f"[{bare.address}]" if ":" in bare.address else bare.address
        trusted = handshake.trusted_file(ca_file_of(bare))
        return logon.ask_without_credential(f"{bare.scheme}://{address}:{bare.port}/wsman", trusted, self._timeouts)

    def log_on(self) -> None:
        """Log on once; see WayPort. A credential that was refused a moment ago and is taken now counts as good."""
        endpoint = self._line.endpoint()
        logon.log_on(endpoint, self._timeouts)
        self._line.pool.forgive(endpoint.host_id)

    def open_shell(self) -> None:
        """Open a shell and delete it; see WayPort."""
        session = HostSession(self._line.endpoint(), self._timeouts)
        session.open()
        session.discard()

    def visible_functions(self) -> frozenset[str] | None:
        """Ask Get-Command, which an endpoint for one role offers too; see WayPort."""
        try:
            outcome = self._line.invoke(Invocation("Get-Command", {"name": [_OURS]}))
        except RemoteError:
            return None
        if outcome.failed or not outcome.output:
            return None
        # A command's other properties hold tables and sets that nobody here reads.
        names = (text_property(item, "Name") for item in outcome.output)
        return frozenset(name for name in names if name) or None

    def shipped(self) -> Shipped:
        """Return the module that this worker ships; see WayPort."""
        return shipped_module()

    @property
    def _bare(self) -> Endpoint:
        return (self._line.place or self._line.endpoint)()
