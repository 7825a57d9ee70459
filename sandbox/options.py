"""The command line of the sandbox, read into one frozen record."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.accounts import ADMIN, ROLES, Account
from sandbox.auth import SCHEMES
from sandbox.faults import Fault, FaultSpecError, fault_from_text


class OptionsError(Exception):
    """The command line makes no sense; the message names the option."""


@dataclass(frozen=True)
class Options:
    """What was asked for. Passwords come from the environment only, so that no process list shows them."""

    port: int
    control_port: int
    scheme: str
    accounts: tuple[Account, ...]
    os_build: int
    cpu: str
    memory_gib: int
    disk_gib: int
    clock: float
    state: Path | None
    images: tuple[str, ...]
    ca_dir: Path
    preinstalled: bool
    hosts: int
    faults: tuple[Fault, ...]
    world_faults: tuple[str, ...]
    schemes: frozenset[str]
    configurations: tuple[str, ...]
    shells_per_user: int
    idle_disconnect_seconds: float
    username: str = field(default="Administrator")


def parse_options(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Read arguments and the environment variables that they name.

    Raises:
        OptionsError: a password is missing, an account or a fault cannot be read. (argparse exits by itself.)
    """
    given = _parser().parse_args(arguments)
    accounts = [_account(f"{given.username}={given.password_env}:{ADMIN}", environ)]
    accounts += [_account(text, environ) for text in given.account]
    try:
        faults = tuple(fault_from_text(text) for text in given.fault)
    except FaultSpecError as error:
        raise OptionsError(f"--fault: {error}") from error
    return Options(
        port=given.port,
        control_port=given.control_port,
        scheme=given.scheme,
        accounts=tuple(accounts),
        os_build=given.os,
        cpu=given.cpu,
        memory_gib=given.memory_gib,
        disk_gib=given.disk_gib,
        clock=given.clock,
        state=given.state,
        images=tuple(given.image),
        ca_dir=given.ca_dir,
        preinstalled=given.preinstalled,
        hosts=given.hosts,
        faults=faults,
        world_faults=tuple(given.world_fault),
        schemes=_schemes(given.auth),
        configurations=tuple(given.configuration),
        shells_per_user=given.shells_per_user,
        idle_disconnect_seconds=given.idle_disconnect_seconds,
        username=given.username,
    )


def _account(text: str, environ: Mapping[str, str]) -> Account:
    name, _, rest = text.partition("=")
    variable, _, role = rest.partition(":")
    if (role or ADMIN) not in ROLES:
        raise OptionsError(f"--account {name}: the role is one of {', '.join(ROLES)}")
    if not environ.get(variable):
        raise OptionsError(f"the password of {name} is not in the environment variable {variable!r}")
    return Account(name, environ[variable], role or ADMIN)


def _schemes(text: str) -> frozenset[str]:
    chosen = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    unknown = sorted(chosen - set(SCHEMES))
    if unknown or not chosen:
        raise OptionsError(f"--auth: choose from {', '.join(SCHEMES)}")
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Simulated Windows hosts: WSMan + PSRP.")
    _add_wire(parser)
    _add_world(parser)
    return parser


def _add_wire(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--port", type=int, default=0, help="WinRM port of the first host; host n gets port + n; 0 = free ports")
    add("--control-port", type=int, default=0, help="port of the control API; 0 = a free port")
    add("--scheme", choices=("http", "https"), default="https")
    add("--auth", default=",".join(SCHEMES), help="logon schemes, comma separated")
    add("--username", default="Administrator", help="the administrator's account")
    add("--password-env", default="SANDBOX_PASSWORD", help="environment variable with its password")
    roles = "/".join(ROLES)
    add("--account", action="append", default=[], metavar="NAME=VARIABLE[:ROLE]", help=f"a further account; {roles}")
    add("--configuration", action="append", default=[], metavar="NAME", help="a further session configuration (JEA)")
    add("--ca-dir", type=Path, default=Path("sandbox-ca"), help="where CA and certificates are kept")
    add("--shells-per-user", type=int, default=30, help="MaxShellsPerUser")
    add("--idle-disconnect-seconds", type=float, default=60.0, help="silence after which a shell is Disconnected")
    add("--fault", action="append", default=[], metavar="SPEC", help="kind,field=value,... (sandbox/faults.py)")


def _add_world(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--hosts", type=int, default=1, help="how many equal hosts")
    add("--os", type=int, default=20348, help="OS build of the hosts")
    add("--cpu", choices=("intel", "amd"), default="intel")
    add("--memory-gib", type=int, default=256)
    add("--disk-gib", type=int, default=4096)
    add("--image", action="append", default=[], metavar="PATH", help="a parent disk that exists on every host")
    add("--world-fault", action="append", default=[], metavar="NAME=VALUE", help="sandbox/machine/config.py Faults")
    add("--clock", type=float, default=20.0, help="how much faster than life the machines run")
    add("--state", type=Path, default=None, help="file that keeps the world over restarts")
    add("--preinstalled", action="store_true", help="the PowerShell module is on the hosts and guests already")
