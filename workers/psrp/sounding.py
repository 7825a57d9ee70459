"""Names and ports: what the network answers before anybody speaks. Sends nothing at all."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from workers.psrp.way import Reached, Resolved

_MOST_ADDRESSES = 4  # a name with more of them is tried no longer than this many times
_UNKNOWN = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME), socket.EAI_FAIL})
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN})


def resolve(name: str, port: int, look_up: Callable[..., Sequence[Any]] = socket.getaddrinfo) -> Resolved:
    """Return the addresses of a name (of an address: itself), in the order in which a connection would try them."""
    try:
        found = look_up(name, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return Resolved(error="unknown" if error.errno in _UNKNOWN else "no_answer")
    except (OSError, UnicodeError):
        return Resolved(error="unknown")  # a name that no resolver can be asked for
    return Resolved(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)))


def connect(
    addresses: Sequence[str],
    port: int,
    seconds: float,
    dial: Callable[..., socket.socket] = socket.create_connection,
) -> Reached:
    """Try the addresses, each for so many seconds, until one takes a connection; it is closed at once."""
    tried: dict[str, str] = {}
    for address in addresses[:_MOST_ADDRESSES]:
        began = time.monotonic()
        try:
            dial((address, port), timeout=seconds).close()
        except OSError as error:
            tried[address] = _word(error)
        else:
            return Reached(address, time.monotonic() - began, {**tried, address: "open"})
    return Reached(tried=tried)


def _word(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no_answer"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "no_route" if error.errno in _NO_ROUTE else "broken"
