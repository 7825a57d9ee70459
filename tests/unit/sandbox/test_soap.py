"""Envelopes in and out."""

from __future__ import annotations

import pytest

from sandbox import codes, soap
from tests.unit.sandbox.envelopes import SHELL, envelope


def test_a_request_is_read() -> None:
    """Action, ids, times and selectors come out of the header."""
    request = envelope(f"{SHELL}/Receive", shell_id="ab-cd", timeout="PT2.5S", message="uuid:M", session="uuid:s")

    assert ("Receive", "uuid:M", "UUID:S", 2.5, 153600, "AB-CD") == (
        *(request.action, request.message_id, request.session_id, request.timeout_seconds),
        *(request.max_envelope, request.shell_id),
    )


@pytest.mark.parametrize("text", [b"", b"no xml", b"<a/>", b'<s:Envelope xmlns:s="x"/>'])
def test_other_bodies_are_malformed(text: bytes) -> None:
    """What is no envelope is refused before anything else."""
    with pytest.raises(soap.MalformedRequestError):
        soap.parse_request(text)


@pytest.mark.parametrize(("text", "seconds"), [("PT20S", 20), ("PT7200.000S", 7200), ("", 7), ("P1D", 7)])
def test_durations_are_seconds(text: str, seconds: float) -> None:
    """Clients send seconds; anything else is the default."""
    assert seconds == soap.duration_seconds(text, 7)


def test_a_fault_escapes_what_clients_sent() -> None:
    """A fault's text with markup stays text."""
    response = soap.fault(None, codes.not_supported("<&>"), "HV1")

    assert "&lt;&amp;&gt;" in response.text
