"""Profiles and where their keys are kept."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.commands.client import Client
from service.commands.connecting import Connection
from service.commands.exits import Exit
from service.commands.keeping import Keeper, usable_keyring
from service.commands.profiles import Config, ConfigError, Profile, config_folder, read_config, write_config
from tests.unit.service.commands.kit import Service, page, run

ODD = Profile('https://x.example/"\\\x7f', "/päth/é 😀.pem", "json", "file")
KEY = "mk_very_secret"


class FakeKeyring:
    """Keeps passwords in memory, as the package's backends do."""

    def __init__(self, error: Exception | None = None) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self._error = error

    def get_password(self, service: str, username: str) -> str | None:
        """Return a password."""
        if self._error:
            raise self._error
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget a password."""
        del self.kept[service, username]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A configuration comes back as it was, whatever its texts, as TOML that any reader takes, for its owner alone."""
    config = Config("odd.one", {"lab": Profile("https://lab.example"), "odd.one": ODD})
    write_config(tmp_path / "m", config)
    file = tmp_path / "m" / "config.toml"

    assert config == read_config(tmp_path / "m")
    assert "https://lab.example" == tomllib.loads(file.read_text(encoding="utf-8"))["profiles"]["lab"]["url"]
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert [file] == list((tmp_path / "m").iterdir())


@pytest.mark.parametrize(
    "text",
    ["current =", "profiles = 1", "[profiles.lab]\nca_file = 'x'", "[profiles.lab]\nurl = 1", "[profiles.'a/b']"],
)
def test_a_file_that_is_wrong_is_told(tmp_path: Path, text: str) -> None:
    """What cannot be understood names the file."""
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        read_config(tmp_path)


def test_a_key_does_not_stand_in_the_configuration(tmp_path: Path) -> None:
    """A key in config.toml is refused: the file is one that people show each other."""
    (tmp_path / "config.toml").write_text(f"[profiles.lab]\nurl = 'https://x.example'\nkey = '{KEY}'\n")
    with pytest.raises(ConfigError) as refused:
        read_config(tmp_path)
    assert KEY not in str(refused.value)


def test_the_folder(tmp_path: Path) -> None:
    """XDG_CONFIG_HOME counts when it is absolute, else ~/.config."""
    assert tmp_path / "matryoshka" == config_folder({"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/h"})
    assert Path("/h/.config/matryoshka") == config_folder({"XDG_CONFIG_HOME": "relative", "HOME": "/h"})


def test_a_key_file_is_for_its_owner(tmp_path: Path) -> None:
    """A key is written with mode 0600; a file that others can read is not used, and its text not shown."""
    keeper = Keeper(tmp_path)
    keeper.put("lab", KEY, "file")
    file = tmp_path / "keys" / "lab"

    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert KEY == keeper.get("lab", "file")
    for mode in (0o640, 0o604, 0o602):
        file.chmod(mode)
        with pytest.raises(ConfigError, match="chmod 600") as refused:
            keeper.get("lab", "file")
        assert KEY not in str(refused.value)


def test_a_key_in_the_keyring(tmp_path: Path) -> None:
    """With a keyring no file holds the key; it can be read and forgotten."""
    ring = FakeKeyring()
    keeper = Keeper(tmp_path, ring)
    keeper.put("lab", KEY, "keyring")

    assert KEY == keeper.get("lab", "keyring")
    assert {("matryoshka", "lab"): KEY} == ring.kept
    assert [] == list(tmp_path.iterdir())
    keeper.forget("lab", "keyring")
    assert "" == keeper.get("lab", "keyring")
    keeper.forget("lab", "keyring")


def test_a_keyring_that_fails_is_told_without_its_words(tmp_path: Path) -> None:
    """A keyring that is away or refuses is a fault with a way out, which quotes nothing."""
    with pytest.raises(ConfigError, match="--store file"):
        Keeper(tmp_path).get("lab", "keyring")
    with pytest.raises(ConfigError, match="RuntimeError") as refused:
        Keeper(tmp_path, FakeKeyring(RuntimeError(KEY))).get("lab", "keyring")
    assert KEY not in str(refused.value)


def test_the_verbs(tmp_path: Path) -> None:
    """A profile is added, listed, used, shown and removed; its key is used and never printed."""
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "MATRYOSHKA_URL": "", "MATRYOSHKA_API_KEY": ""}
    service = Service({"GET /v1/images": page()})

    def said(*arguments: str, text: str = "") -> str:
        done = run(service, *arguments, text=text, **environ)
        assert 0 == done.exit_code, done.output
        assert KEY not in done.output
        return done.stdout

    add = ("profiles", "add", "lab", "--url", "https://lab.example/", "--store", "file", "--key-stdin")
    assert "lab" in said(*add, text=f"{KEY}\n")
    said("profiles", "add", "prod", "--url", "https://prod.example", "--store", "file", "--key-stdin", text="mk_2\n")
    assert ["lab\tyes", "prod\tno"] == [
        line[: line.index("\thttps")] for line in said("profiles", "list").splitlines()[1:]
    ]
    said("images", "list")
    assert "https://lab.example" in said("profiles", "show")
    said("profiles", "use", "prod")
    said("profiles", "remove", "prod")
    assert [tmp_path / "matryoshka" / "keys" / "lab"] == list((tmp_path / "matryoshka" / "keys").iterdir())
    assert Exit.USAGE == run(service, "images", "list", **environ).exit_code
    said("images", "list", "--profile", "lab")


def test_a_key_is_never_an_argument_and_never_asked_for_in_vain(tmp_path: Path) -> None:
    """There is no option for the key itself; with --no-input a missing key is a fault of usage that names the ways."""
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    add = ("profiles", "add", "lab", "--url", "https://lab.example", "--store", "file")

    assert Exit.USAGE == run(Service(), *add, "--key", KEY, **environ).exit_code
    refused = run(Service(), *add, "--no-input", **environ)
    assert (Exit.USAGE, True) == (refused.exit_code, "--key-env" in refused.stderr)
    assert Exit.USAGE == run(Service(), *add, "--key-env", "NOBODY_SET_THIS", **environ).exit_code
    assert Exit.USAGE == run(Service(), *add, "--key-stdin", text="\n", **environ).exit_code
    asked = run(Service(), *add, text=f"{KEY}\n", **environ)
    assert (0, False) == (asked.exit_code, KEY in asked.output)
    assert (
        "warning"
        in run(Service(), *add[:4], "http://lab.example", *add[5:], "--key-stdin", text="k\n", **environ).stderr
    )


def _package(priority: object) -> Any:
    return SimpleNamespace(get_keyring=lambda: SimpleNamespace(priority=priority))


def test_which_keyring_can_be_used() -> None:
    """A backend that keeps secrets well is used; without the package, or with a weak or broken one, there is none."""

    def missing(name: str) -> Any:
        raise ImportError(name)

    found = usable_keyring(lambda _name: _package(5))
    assert found is not None
    for load in (missing, lambda _name: _package(0), lambda _name: _package(None), lambda _name: SimpleNamespace()):
        assert usable_keyring(load) is None


def test_keys_are_not_in_what_is_told_of_a_client() -> None:
    """A trace that shows a client or a connection shows no key."""
    assert KEY not in repr(Connection("https://lab.example", KEY)) + repr(Client("https://lab.example", KEY))
