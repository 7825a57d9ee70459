"""A real browser for the dashboard's tests: Debian's Chromium, driven by Playwright; and a way that can be cut."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

CHROMIUM = os.environ.get("MATRYOSHKA_CHROMIUM") or shutil.which("chromium") or ""
# Sandboxing is off because tests may run as root; the rest keeps Chromium from looking for the network.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def images_folder(fallback: Path) -> Path:
    """Return where screenshots go: docs/images with MATRYOSHKA_SCREENSHOTS=1, else a folder of the test."""
    if os.environ.get("MATRYOSHKA_SCREENSHOTS") == "1":
        return Path(__file__).resolve().parents[2] / "docs" / "images"
    return fallback


class Way:
    """A TCP way to the API that can be cut and mended: what a browser meets when the network goes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._is_cut = threading.Event()
        self._open: set[socket.socket] = set()
        self._half_open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._pumps: list[threading.Thread] = []
        self.refused = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()
        for pump in self._pumps:
            pump.join(10)

    def cut(self) -> None:
        """End all connections; new ones are closed at once until it is mended."""
        self._is_cut.set()
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut.clear()

    def _accept(self) -> None:
        while True:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut.is_set():
                self.refused += 1
                inner.close()
                continue
            outer = socket.create_connection(self._target)
            with self._lock:
                self._open |= {inner, outer}
            for pair in ((inner, outer), (outer, inner)):
                self._pumps.append(threading.Thread(target=self._pump, args=pair, daemon=True))
                self._pumps[-1].start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
        with self._lock:
            # The other direction has ended, or ends now: whoever is second closes both.
            if source not in self._half_open:
                self._half_open |= {source, sink}
                return
            self._half_open -= {source, sink}
            self._open -= {source, sink}
        source.close()
        sink.close()


def logged_in(context: Any, url: str, key: str) -> Any:
    """Return a page of somebody who has logged in; whatever the browser complains about fails the test later."""
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{url}/login")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/jobs")
    return page
