"""Whether a call that was begun is over: its machine's journal knows, also when the call changed the password."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workers.errors import RemoteError
from workers.psrp.host import OpenCall
from workers.psrp.port import GuestTarget, HostPort
from workers.secrets import SecretBox
from workers.steps.reasons import is_rejected
from workers.steps.targets import NEW_PASSWORD

_NOT_RUNNING = frozenset({"absent", "abandoned", "completed", "failed", "stopped"})


def is_over(host: HostPort, call: OpenCall, secrets: SecretBox) -> bool:
    """Return whether the call has ended or never began; raises WorkerErrors when nobody can be asked.

    The credential that the call was begun with may be rejected since: then the one that the claim brings in is tried.
    """
    if call.target is None:
        return _ask(host, call)
    *first, last = _ways(call.target, secrets)
    for target in first:
        try:
            return _ask(host.guest(target), call)
        except RemoteError as error:
            if not is_rejected(error):
                raise
    return _ask(host.guest(last), call)


def _ways(target: GuestTarget, secrets: SecretBox) -> Iterator[GuestTarget]:
    yield target
    if secrets.has(NEW_PASSWORD):
        yield replace(target, credential=NEW_PASSWORD)


def _ask(place: HostPort, call: OpenCall) -> bool:
    return place.read("Get-NestedCall", call_id=call.call_id).get("status") in _NOT_RUNNING
