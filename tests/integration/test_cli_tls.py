"""The command and a service over TLS: only what is trusted is told the key."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import matryoshka
from service.commands.exits import Exit
from tests.integration.webhook_tls import certificate_for


class _Service(BaseHTTPRequestHandler):
    keys: list[str]

    def do_GET(self) -> None:
        """Answer an empty page, and remember who asked."""
        self.keys.append(self.headers["Authorization"])
        body = json.dumps({"items": [], "next_cursor": None}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """A service with a self-signed certificate of `localhost`: its port, the certificate, the keys that it was told."""
    keys: list[str] = []
    handler = type("Handler", (_Service,), {"keys": keys})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.socket = certificate_for("localhost")[0].wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    port = server.server_address[1]
    file = tmp_path / "ca.pem"
    file.write_text(ssl.get_server_certificate(("127.0.0.1", int(port))))
    yield str(port), file, keys
    server.shutdown()
    server.server_close()
    thread.join()


def _list(url: str, *options: str, **environ: str) -> Result:
    env = {"MATRYOSHKA_URL": url, "MATRYOSHKA_API_KEY": "mk_1", "XDG_CONFIG_HOME": "/nowhere", "MATRYOSHKA_CA_FILE": ""}
    return CliRunner().invoke(matryoshka, [*options, "images", "list"], env={**env, **environ})


def test_only_a_trusted_service_is_asked(served: tuple[str, Path, list[str]], tmp_path: Path) -> None:
    """An unknown authority or another name is unreachable and learns no key; the CA file opens the way."""
    port, file, keys = served
    unknown, other = _list(f"https://localhost:{port}"), _list(f"https://127.0.0.1:{port}", "--ca-file", str(file))

    assert [Exit.UNREACHABLE] * 2 == [unknown.exit_code, other.exit_code], unknown.output
    assert "MATRYOSHKA_CA_FILE" in unknown.output
    assert [] == keys
    assert 0 == _list(f"https://localhost:{port}", MATRYOSHKA_CA_FILE=str(file)).exit_code
    assert 0 == _list(f"https://localhost:{port}", "--ca-file", str(file)).exit_code
    assert ["Bearer mk_1"] * 2 == keys
    assert Exit.ERROR == _list(f"https://localhost:{port}", "--ca-file", str(tmp_path / "none.pem")).exit_code


def test_where_nothing_listens_nothing_is_unclear() -> None:
    """A submission that was never sent is unreachable at once: it needs no second try and no key."""
    env = {"MATRYOSHKA_URL": "http://127.0.0.1:1", "MATRYOSHKA_API_KEY": "mk_1", "XDG_CONFIG_HOME": "/nowhere"}
    done = CliRunner().invoke(matryoshka, ["submit", "inspect-host", "--host", "hv1"], env=env)

    assert (Exit.UNREACHABLE, False) == (done.exit_code, "idempotency" in done.output)
    assert "http://127.0.0.1:1" in done.output


def test_netrc_does_not_take_the_place_of_the_key(served: tuple[str, Path, list[str]], tmp_path: Path) -> None:
    """What ~/.netrc has for the host is another program's."""
    port, file, keys = served
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password else\n")
    netrc.chmod(0o600)

    assert 0 == _list(f"https://localhost:{port}", "--ca-file", str(file), NETRC=str(netrc)).exit_code
    assert ["Bearer mk_1"] == keys
