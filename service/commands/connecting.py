"""Which service the command talks to: options beat the environment, the environment beats the profile.

A key is sent only to where it belongs: the key of a profile goes to the profile's address and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from service.commands.keeping import Keeper, usable_keyring
from service.commands.profiles import Config, ConfigError, Profile, config_folder, read_config
from service.commands.verbs import FORMATS, Choices, choices

DEFAULT_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Connection:
    """A service and who asks it. `ca_file` is empty for the system's authorities; `profile` for none."""

    url: str
    key: str = field(repr=False)
    ca_file: str = ""
    profile: str = ""


@dataclass(frozen=True)
class Sources:
    """Where the answer comes from; `key_of` is called for a profile's key only when that is needed."""

    choices: Choices
    environ: Mapping[str, str]
    config: Config
    key_of: Callable[[str, Profile], str]


def connect(sources: Sources) -> Connection:
    """Return where to and as whom. Raises click.UsageError when no key is known, or no profile of that name."""
    given, environ = sources.choices, sources.environ
    name, profile = _profile(sources)
    # A profile that is named on the command line beats the environment as any option does.
    goes_first = bool(given.profile)
    own = profile.url if profile else ""
    url = given.url or _first(goes_first, own, environ.get("MATRYOSHKA_URL", "")) or DEFAULT_URL
    stays = bool(profile) and url.rstrip("/") == own.rstrip("/")
    said = environ.get("MATRYOSHKA_API_KEY", "").strip()
    key = "" if said and not (goes_first and stays) else _own_key(sources, name, profile if stays else None)
    key = key or said
    if not key:
        raise click.UsageError(_keyless(name, url, own, is_other=bool(profile) and not stays))
    if not (key.isascii() and key.isprintable()):
        # An HTTP header cannot carry it; the key itself is not shown.
        raise click.UsageError("The API key has characters that no key has: was it copied whole, and nothing else?")
    ca_file = given.ca_file or _first(
        goes_first, profile.ca_file if profile and stays else "", environ.get("MATRYOSHKA_CA_FILE", "")
    )
    return Connection(url.rstrip("/"), key, ca_file, name if stays else "")


def _own_key(sources: Sources, name: str, profile: Profile | None) -> str:
    return sources.key_of(name, profile) if profile else ""


def _profile(sources: Sources) -> tuple[str, Profile | None]:
    named = sources.choices.profile or sources.environ.get("MATRYOSHKA_PROFILE", "")
    name = named or sources.config.current
    found = sources.config.profiles.get(name)
    if named and found is None:
        known = ", ".join(sources.config.profiles) or "none"
        raise click.UsageError(f"There is no profile {name}; there are: {known}. `matryoshka profiles add` makes one.")
    return name, found


def _first(profile_goes_first: bool, of_profile: str, of_environment: str) -> str:
    pair = (of_profile, of_environment) if profile_goes_first else (of_environment, of_profile)
    return pair[0] or pair[1]


def _keyless(name: str, url: str, own: str, *, is_other: bool) -> str:
    if is_other:
        return f"MATRYOSHKA_API_KEY is not set, and the key of profile {name} is for {own}, not for {url}."
    return (
        "MATRYOSHKA_API_KEY is not set, and no profile has a key: `matryoshka profiles add NAME --url URL` asks for "
        "one. Whoever runs the service makes keys: `matryoshka keys create`."
    )


def sources(environ: Mapping[str, str] = os.environ) -> Sources:
    """Return what the running command goes by. Raises ConfigError."""
    folder = config_folder(environ)
    return Sources(choices(), environ, read_config(folder), lambda name, profile: key_of(folder, name, profile))


def key_of(folder: Path, name: str, profile: Profile) -> str:
    """Return the key of a profile, empty when there is none. Raises ConfigError."""
    keeper = Keeper(folder, usable_keyring() if profile.key == "keyring" else None)
    return keeper.get(name, profile.key)


def chosen_output(environ: Mapping[str, str] = os.environ) -> str:
    """Return how results are printed: as -o, MATRYOSHKA_OUTPUT or the profile says, else as tables.

    Raises click.UsageError for a variable that says something else.
    """
    found = choices().output or environ.get("MATRYOSHKA_OUTPUT", "") or _output_of_profile(environ)
    if found and found not in FORMATS:
        raise click.UsageError(f"Output is one of {', '.join(FORMATS)}, not {found}.")
    return found or "table"


def _output_of_profile(environ: Mapping[str, str]) -> str:
    try:
        _, profile = _profile(sources(environ))
    except (ConfigError, click.UsageError):
        # Who needs the profile is told; a table needs none.
        return ""
    return profile.output if profile else ""
