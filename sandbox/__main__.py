"""`python -m sandbox`: simulated Windows hosts until SIGTERM. One JSON line on stdout says where they are."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from sandbox.accounts import Accounts
from sandbox.control import Control, ControlServer
from sandbox.faults import FaultSpecError
from sandbox.identity import ShellRules
from sandbox.options import Options, OptionsError, parse_options
from sandbox.site import Site, SiteSettings
from sandbox.tls import make_tls_files, server_context
from sandbox.universe import open_world
from sandbox.wsman import DEFAULT_CONFIGURATION, EndpointSettings

_JEA = "matryoshka"  # a restricted endpoint, as an administrator would register one


def main(arguments: list[str]) -> int:
    """Run until SIGTERM or SIGINT. Exit code 2: the command line cannot be understood."""
    _quiet_libraries()
    try:
        options = parse_options(arguments, os.environ)
        return _run(options)
    except (OptionsError, FaultSpecError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2


def _run(options: Options) -> int:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with contextlib.ExitStack() as stack:
        _serve(options, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-"))), ended)
    return 0


def _serve(options: Options, private: Path, ended: threading.Event) -> None:
    site = make_site(options, private)
    control = ControlServer(options.control_port, Control(site))
    for fault in options.faults:
        site.faults.add(fault)
    site.start()
    control.start()
    line = {"hosts": [host.describe() for host in site.hosts], "control_url": control.url}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    ended.wait()
    control.shutdown()
    site.stop()


def make_site(options: Options, private: Path) -> Site:
    """Build world, certificates and endpoints; `private` is a directory that only this process reads."""
    accounts = Accounts(list(options.accounts))
    world = open_world(options)
    accounts.write_ntlm_file(private / "ntlm-users", [".", *(host.name for host in world.hosts)])
    files = make_tls_files(options.ca_dir, options.username)
    with_certificates = "certificate" in options.schemes
    is_tls = options.scheme == "https"
    names = {DEFAULT_CONFIGURATION, *(name.lower() for name in options.configurations)}
    if options.preinstalled:
        names.add(_JEA)
    settings = SiteSettings(
        accounts=accounts,
        scheme=options.scheme,
        port=options.port,
        schemes=options.schemes,
        context=server_context(files, with_client_certificates=with_certificates) if is_tls else None,
        is_preinstalled=options.preinstalled,
        ca_dir=options.ca_dir if is_tls else None,
        ca_file=str(files.ca.resolve()) if is_tls else "",
        endpoint=EndpointSettings(
            options.shells_per_user,
            frozenset(names),
            ShellRules(idle_disconnect_seconds=options.idle_disconnect_seconds),
        ),
    )
    return Site(world, settings)


def _quiet_libraries() -> None:
    """Log warnings only: psrpcore and spnego print whole messages, parameters included, at DEBUG."""
    form = "%(asctime)s %(name)s %(levelname)s %(message)s"
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format=form)
    for name in ("psrpcore", "spnego"):
        logging.getLogger(name).setLevel(logging.WARNING)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
