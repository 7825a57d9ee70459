"""Tells a container engine whether the API can do its work: exit code 0 when `/readyz` answers 200, else 1."""

from __future__ import annotations

import http.client
import os
import sys

_SECONDS = 4


def main() -> int:
    """Ask the API of this container, at the port of MATRYOSHKA_BIND, over loopback."""
    port = int(os.environ.get("MATRYOSHKA_BIND", "127.0.0.1:8080").rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return 0 if connection.getresponse().status == http.HTTPStatus.OK else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
