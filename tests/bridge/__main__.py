"""`python -m tests.bridge`: a host with a real PowerShell, until SIGTERM. One JSON line on stdout says where it is."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from sandbox.control import ControlServer
from tests.bridge.control import BridgeControl
from tests.bridge.options import Options, OptionsError, parse_options
from tests.bridge.site import BridgeSite


def main(arguments: list[str]) -> int:
    """Run until SIGTERM or SIGINT. Exit code 2: the command line cannot be understood."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    logging.getLogger("spnego").setLevel(logging.WARNING)
    try:
        options = parse_options(arguments, os.environ)
    except OptionsError as error:
        sys.stderr.write(f"bridge: {error}\n")
        return 2
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with tempfile.TemporaryDirectory(prefix="bridge-", ignore_cleanup_errors=True) as private:
        _serve(options, Path(private), ended)
    return 0


def _serve(options: Options, private: Path, ended: threading.Event) -> None:
    site = BridgeSite(options, private)
    control = ControlServer(options.control_port, BridgeControl(site))
    site.start()
    control.start()
    sys.stdout.write(json.dumps({"hosts": [site.describe()], "control_url": control.url}) + "\n")
    sys.stdout.flush()
    ended.wait()
    control.shutdown()
    site.stop()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
