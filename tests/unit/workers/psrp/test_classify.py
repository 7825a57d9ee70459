"""Failures of the wire mean what docs/sources.md P9 and P10 measured, in its order."""

from __future__ import annotations

import ssl
import xml.etree.ElementTree as ET

import pytest
import requests
import spnego.exceptions
from pypsrp.exceptions import (
    AuthenticationError,
    FragmentError,
    InvalidPipelineStateError,
    WinRMError,
    WinRMTransportError,
    WSManFaultError,
)
from requests.exceptions import ConnectionError as HttpConnectionError
from requests.exceptions import ConnectTimeout, ReadTimeout, SSLError
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError
from urllib3.exceptions import SSLError as TlsError

from workers import errors
from workers.psrp.classify import classify, wire_errors


def _fault(code: int | str) -> WSManFaultError:
    return WSManFaultError(code, None, "localized text", None, None, None)


def _refused() -> HttpConnectionError:
    return HttpConnectionError(MaxRetryError(None, "/wsman", NewConnectionError(None, "refused")))  # type: ignore[arg-type]


def _tls(error: ssl.SSLError) -> SSLError:
    """As requests raises what a handshake ended with (measured)."""
    return SSLError(MaxRetryError(None, "/wsman", TlsError(error)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (AuthenticationError("no"), errors.AccessDenied),
        (spnego.exceptions.NoContextError(), errors.AccessDenied),
        (SSLError("certificate verify failed"), errors.HostUntrusted),
        (_tls(ssl.SSLCertVerificationError(1, "certificate verify failed")), errors.HostUntrusted),
        (_tls(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]")), errors.HostUntrusted),
        (_tls(ssl.SSLEOFError(8, "[SSL: UNEXPECTED_EOF_WHILE_READING]")), errors.OutcomeUnknown),
        (SSLError(TlsError(ssl.SSLEOFError(8, "EOF occurred in violation of protocol"))), errors.OutcomeUnknown),
        (_refused(), errors.HostUnreachable),
        (ConnectTimeout("slow"), errors.HostUnreachable),
        (HttpConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())), errors.OutcomeUnknown),
        (ReadTimeout("slow"), errors.OutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError("cut"), errors.OutcomeUnknown),
        (ConnectionResetError(), errors.OutcomeUnknown),
        (WinRMTransportError("http", 400, ""), errors.SessionLost),
        (WinRMTransportError("http", 401, ""), errors.AccessDenied),
        (WinRMTransportError("http", 403, ""), errors.AccessDenied),
        (WinRMTransportError("http", 404, ""), errors.HostMisconfigured),
        (WinRMTransportError("http", 429, ""), errors.HostBusy),
        (WinRMTransportError("http", 503, ""), errors.HostBusy),
        (WinRMTransportError("http", 500, ""), errors.OutcomeUnknown),
        (_fault(5), errors.AccessDenied),
        (_fault(2150858843), errors.SessionLost),
        (_fault(2150859204), errors.SessionLost),
        (_fault(995), errors.SessionLost),
        (_fault(1115), errors.SessionLost),
        (_fault(2150858793), errors.SessionLost),
        (_fault(2150859173), errors.HostBusy),
        (_fault(2150859179), errors.HostBusy),
        (_fault(2150858771), errors.HostMisconfigured),
        (_fault(2150858811), errors.HostMisconfigured),
        (_fault(2150858754), errors.HostMisconfigured),
        (_fault(2150859180), errors.AccessDenied),
        (_fault("w:InternalError"), errors.SessionLost),
        (InvalidPipelineStateError(2, 4, "x"), errors.ProtocolBroken),
        (FragmentError("x"), errors.ProtocolBroken),
        (WinRMError("related id"), errors.ProtocolBroken),
        (KeyError("7"), errors.ProtocolBroken),
        (ET.ParseError("x"), errors.ProtocolBroken),
    ],
)
def test_each_failure_has_its_meaning(raised: Exception, expected: type[errors.WorkerError]) -> None:
    """Every exception that the wire was seen to raise becomes the WorkerError of its class."""
    assert expected is type(classify(raised))


def test_errors_of_ours_pass_and_others_are_chained() -> None:
    """The door lets WorkerErrors through and keeps the cause of what it translates."""
    with pytest.raises(errors.StepCancelled), wire_errors():
        raise errors.StepCancelled
    with pytest.raises(errors.ProtocolBroken) as caught, wire_errors():
        raise KeyError("x")
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_missing_package_is_a_matter_of_configuration() -> None:
    """CredSSP without its package says so instead of looking like a network failure."""
    with pytest.raises(errors.HostMisconfigured), wire_errors():
        raise ImportError("Cannot use CredSSP auth", name="requests_credssp")
