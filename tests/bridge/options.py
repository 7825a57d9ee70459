"""The command line of the bridge, read into one frozen record."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sandbox.auth import SCHEMES

_ENGINE: Final = "MATRYOSHKA_PWSH"


class OptionsError(Exception):
    """The command line makes no sense; the message names the option."""


@dataclass(frozen=True)
class Options:
    """What was asked for. The password comes from the environment, so that no process list shows it.

    `environment` is the engine's whole environment. `configurations` maps the name of a session configuration, in lower
    case, to its file.
    """

    name: str
    port: int
    control_port: int
    scheme: str
    schemes: frozenset[str]
    ca_dir: Path
    username: str
    password: str = field(repr=False)
    pwsh: str
    environment: Mapping[str, str] = field(repr=False)
    startup: tuple[Path, ...]
    configurations: Mapping[str, Path]
    shells_per_user: int
    idle_disconnect_seconds: float


def parse_options(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Read arguments, and the environment variables that they name.

    Raises:
        OptionsError: no engine, no password, a file that is not there. (argparse exits by itself.)
    """
    given = _parser().parse_args(arguments)
    password = environ.get(given.password_env, "")
    if not password:
        raise OptionsError(
            f"the password of {given.username} is not in the environment variable {given.password_env!r}"
        )
    pairs = dict(_pair("--configuration", text) for text in given.configuration)
    return Options(
        name=given.name,
        port=given.port,
        control_port=given.control_port,
        scheme=given.scheme,
        schemes=_schemes(given.auth),
        ca_dir=given.ca_dir,
        username=given.username,
        password=password,
        pwsh=_engine(given.pwsh, environ),
        environment=_environment(given, environ),
        startup=tuple(_file("--startup", path) for path in given.startup),
        configurations={name.lower(): _file("--configuration", path) for name, path in pairs.items()},
        shells_per_user=given.shells_per_user,
        idle_disconnect_seconds=given.idle_disconnect_seconds,
    )


def _engine(given: str, environ: Mapping[str, str]) -> str:
    found = shutil.which(given or environ.get(_ENGINE) or "pwsh")
    if found is None:
        raise OptionsError(f"no PowerShell engine: give --pwsh, set {_ENGINE} or put pwsh on PATH")
    return str(Path(found).resolve())


def _environment(given: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, str]:
    """The engine gets our environment without the password, and what was asked for."""
    kept = {name: value for name, value in environ.items() if name not in (given.password_env, "NTLM_USER_FILE")}
    if given.module_path:
        kept["PSModulePath"] = ":".join(str(Path(folder).resolve()) for folder in given.module_path)
    return {**kept, **dict(_pair("--env", text) for text in given.env)}


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise OptionsError(f"{option}: NAME=VALUE, please")
    return name, value


def _file(option: str, path: str) -> Path:
    found = Path(path).resolve()
    if not found.is_file():
        raise OptionsError(f"{option}: no file {found}")
    return found


def _schemes(text: str) -> frozenset[str]:
    chosen = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    if not chosen or chosen - set(SCHEMES):
        raise OptionsError(f"--auth: choose from {', '.join(SCHEMES)}")
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bridge", description="WSMan in front of `pwsh -s`.")
    _add_wire(parser)
    _add_engine(parser)
    return parser


def _add_wire(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--name", default="HV1", help="the host's name in answers")
    add("--port", type=int, default=0, help="WinRM port; 0 = a free one")
    add("--control-port", type=int, default=0, help="port of the control API; 0 = a free one")
    add("--scheme", choices=("http", "https"), default="https")
    add("--auth", default=",".join(SCHEMES), help="logon schemes, comma separated")
    add("--username", "--user", default="Administrator", help="the account")
    add(
        "--password-env",
        default="BRIDGE_PASSWORD",
        help="environment variable with its password; the engine has it not",
    )
    add("--ca-dir", type=Path, default=Path("bridge-ca"), help="where CA and certificates are kept")
    add("--shells-per-user", type=int, default=30, help="MaxShellsPerUser")
    add("--idle-disconnect-seconds", type=float, default=60.0, help="silence after which a shell is Disconnected")


def _add_engine(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--pwsh", default="", help=f"the engine; default {_ENGINE}, then pwsh on PATH")
    add("--env", action="append", default=[], metavar="NAME=VALUE", help="a variable of the engine; no secrets here")
    add("--module-path", action="append", default=[], metavar="FOLDER", help="PSModulePath, one folder an option")
    add("--startup", action="append", default=[], metavar="SCRIPT.ps1", help="dot-sourced into each new runspace")
    add("--configuration", action="append", default=[], metavar="NAME=PATH.pssc", help="a session configuration (JEA)")
