"""What a failure of the wire means. The one place where pypsrp's, requests' and spnego's exceptions become ours.

The order follows what was measured (docs/sources.md P9, P10): an SSLError is a ConnectionError too, so it is looked at
first. Whether a request may have been carried out is the question that matters: only failures to connect rule it out.
"""

from __future__ import annotations

import ssl
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests.exceptions as http
import spnego.exceptions
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.exceptions import HTTPError as UrllibError

from workers.errors import (
    AccessDenied,
    HostBusy,
    HostMisconfigured,
    HostUnreachable,
    HostUntrusted,
    OutcomeUnknown,
    ProtocolBroken,
    SessionLost,
    WorkerError,
)

# [MS-WSMV] and WinRM's error constants.
OPERATION_TIMEOUT = 2150858793  # 0x80338029: nothing to receive yet
_SESSION_LOST = frozenset(
    {
        2150858843,  # 0x8033805B: shell or command unknown (reboot, idle time-out, deleted)
        2150859204,  # the shell is disconnected
        2150859206,  # it belongs to another SessionId
        2150859213,  # it is connected to another client
        2150859216,  # reconnect is not valid now
        995,  # ERROR_OPERATION_ABORTED
        1115,  # ERROR_SHUTDOWN_IN_PROGRESS
    }
)
_QUOTA = frozenset({2150859173, 2150859179})
# docs/sources.md H18: who the endpoint is not for, and that there is none of this name.
_DENIED = frozenset({5, 2150859180})
_NO_CONFIGURATION = frozenset({2150858811, 2150858754})
_NOT_SUPPORTED = frozenset({2150858771})

DECODER_ERRORS = (KeyError, IndexError, AttributeError, TypeError, ValueError, ET.ParseError)


@contextmanager
def wire_errors() -> Iterator[None]:
    """Turn whatever the wire raises inside into a WorkerError; our own errors pass."""
    try:
        yield
    except WorkerError:
        raise
    except ImportError as error:
        raise _about("package", HostMisconfigured(f"this worker lacks {error.name} for the host's auth")) from error
    except (WinRMError, OSError, UrllibError, spnego.exceptions.SpnegoError, *DECODER_ERRORS) as error:
        raise classify(error) from error


def _about(kind: str, error: WorkerError) -> WorkerError:
    error.about = kind
    return error


def classify(error: BaseException) -> WorkerError:
    """Return the WorkerError that an exception of the wire stands for."""
    for kinds, meaning in _MEANINGS:
        if isinstance(error, kinds):
            return meaning(error)
    return ProtocolBroken(f"{type(error).__name__} in the protocol client")


def _http(error: http.RequestException) -> WorkerError:
    if isinstance(error, http.SSLError) and not _was_cut(error):
        return HostUntrusted("the TLS handshake failed: certificate not trusted, wrong name, or not a TLS port")
    if isinstance(error, http.ConnectTimeout):
        return HostUnreachable("no answer to the connection attempt")
    if isinstance(error, http.ConnectionError) and _never_connected(error):
        return HostUnreachable("the connection was refused or the name is not known")
    if isinstance(error, http.InvalidURL | http.InvalidSchema | http.MissingSchema):
        return HostMisconfigured("the host's address is not usable")
    return _broken(error)


def _never_connected(error: BaseException) -> bool:
    return isinstance(_reason(error), NewConnectionError | ConnectTimeoutError)


def _was_cut(error: BaseException) -> bool:
    """Tell whether TLS ended without a word: a host that goes down says nothing of trust, in a handshake or later."""
    reason = _reason(error)
    return isinstance(reason, ssl.SSLEOFError) or isinstance(_reason(reason), ssl.SSLEOFError)


def _reason(error: BaseException | None) -> BaseException | None:
    """Return what an exception of requests or urllib3 was raised for; None when it holds nothing."""
    inner = error.args[0] if error is not None and error.args and isinstance(error.args[0], BaseException) else None
    return getattr(inner, "reason", inner) if isinstance(inner, UrllibError) else inner


def _http_status(code: int) -> WorkerError:
    if code == 400:  # noqa: PLR2004 - what WinRM answers when a sealed message fails to unseal [pypsrp issue 21]
        return SessionLost("the host no longer knows this connection's security context")
    if code in (401, 403):
        return AccessDenied(f"HTTP {code}")
    if code in (404, 405):
        return HostMisconfigured(f"HTTP {code}: no WSMan service at this address")
    if code in (425, 429, 503):
        return HostBusy(f"HTTP {code}")
    return OutcomeUnknown(f"HTTP {code} without a WSMan fault")


def _fault(error: WSManFaultError) -> WorkerError:
    meant = _fault_meaning(error.code)
    # pypsrp gives the SOAP subcode, a text, where there is no WSManFault.
    meant.fault = error.code if isinstance(error.code, int) else 0
    return meant


def _fault_meaning(code: Any) -> WorkerError:
    for codes, kind, meaning in _FAULTS:
        if code in codes:
            return kind(f"WSMan fault {code}: {meaning}" if meaning else f"WSMan fault {code}")
    return SessionLost(f"WSMan fault {code}")


def _broken(error: BaseException) -> WorkerError:
    return OutcomeUnknown(f"the connection broke before the answer: {type(error).__name__}")


_FAULTS: tuple[tuple[frozenset[int], type[WorkerError], str], ...] = (
    (frozenset({OPERATION_TIMEOUT}), SessionLost, "no answer in the operation time-out"),
    (_SESSION_LOST, SessionLost, ""),
    (_QUOTA, HostBusy, "a shell quota of the host is used up"),
    (_DENIED, AccessDenied, "access denied"),
    (_NO_CONFIGURATION, HostMisconfigured, "the host has no session configuration of this name"),
    (_NOT_SUPPORTED, HostMisconfigured, "action not supported"),
)

_MEANINGS: tuple[tuple[Any, Callable[[Any], WorkerError]], ...] = (
    (AuthenticationError, lambda _: AccessDenied("the host refused the credential")),
    (
        spnego.exceptions.SpnegoError,
        lambda error: _about("context", AccessDenied(f"no security context: {type(error).__name__}")),
    ),
    (WSManFaultError, _fault),
    (WinRMTransportError, lambda error: _http_status(int(error.code))),
    (http.RequestException, _http),
    (OSError | UrllibError, _broken),
)
