"""What is cut off ends loudly for the thread that waits on it, and never falls back to clear text."""

from __future__ import annotations

import socket
import ssl

import pytest

from workers.cutting import Cutter


def test_a_cut_tls_exchange_says_nothing_in_clear_text() -> None:
    """Its thread may be about to send or to shake hands: both fail as on a broken connection, and nothing goes out."""
    context = ssl.create_default_context()
    ours, theirs = socket.socketpair()
    with theirs, context.wrap_socket(ours, server_hostname="x", do_handshake_on_connect=False) as secured:
        theirs.settimeout(60)
        with Cutter().within(1.0) as live:
            live.append(secured)
            assert b"" == theirs.recv(100)  # shut by the cutter's thread

        assert isinstance(secured, ssl.SSLSocket)
        with pytest.raises(OSError, match=r".+"):
            secured.do_handshake()
        with pytest.raises(OSError, match=r".+"):
            secured.sendall(b"a secret")
