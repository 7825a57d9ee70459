"""Which service, and with whose key: options beat the environment, the environment beats the profile."""

from __future__ import annotations

import click
import pytest

from service.commands.connecting import DEFAULT_URL, Connection, Sources, connect
from service.commands.profiles import Config, Profile
from service.commands.verbs import Choices

LAB, PROD = Profile("https://lab.example", "/lab.pem", key="file"), Profile("https://prod.example", key="file")
CONFIG = Config("lab", {"lab": LAB, "prod": PROD})
KEYS = {"lab": "mk_lab", "prod": "mk_prod"}


def _connect(config: Config = CONFIG, *, environ: dict[str, str] | None = None, **given: str) -> Connection:
    return connect(Sources(Choices(**given), environ or {}, config, lambda name, _profile: KEYS[name]))  # type: ignore[arg-type]


def test_the_current_profile() -> None:
    """Without options and variables the current profile says all."""
    assert Connection("https://lab.example", "mk_lab", "/lab.pem", "lab") == _connect()


def test_the_environment_beats_the_profile() -> None:
    """Address and key of the environment go before those of the profile."""
    environ = {"MATRYOSHKA_URL": "https://e.example/", "MATRYOSHKA_API_KEY": "mk_e", "MATRYOSHKA_CA_FILE": "/e.pem"}

    assert Connection("https://e.example", "mk_e", "/e.pem") == _connect(environ=environ)


def test_a_named_profile_beats_the_environment() -> None:
    """--profile is an option: it goes before every variable."""
    environ = {"MATRYOSHKA_URL": "https://e.example", "MATRYOSHKA_API_KEY": "mk_e"}

    assert Connection("https://prod.example", "mk_prod", "", "prod") == _connect(environ=environ, profile="prod")
    assert Connection("https://prod.example", "mk_prod", "", "prod") == _connect(environ={"MATRYOSHKA_PROFILE": "prod"})


def test_a_key_of_a_profile_goes_nowhere_else() -> None:
    """Another address, from an option or a variable, never gets the profile's key."""
    for given, environ in (({"url": "https://evil.example"}, {}), ({}, {"MATRYOSHKA_URL": "https://evil.example"})):
        with pytest.raises(click.UsageError, match=r"the key of profile lab is for https://lab\.example"):
            _connect(environ=environ, **given)


def test_without_anything() -> None:
    """No key is a fault of usage that says what to do; the address has a default."""
    with pytest.raises(click.UsageError, match="profiles add"):
        _connect(Config())
    assert Connection(DEFAULT_URL, "mk_e") == _connect(Config(), environ={"MATRYOSHKA_API_KEY": "mk_e"})


def test_a_profile_that_is_not_there() -> None:
    """A wrong name is told with the names that there are."""
    with pytest.raises(click.UsageError, match="there are: lab, prod"):
        _connect(profile="labb")


def test_the_keyring_is_not_asked_in_vain() -> None:
    """A profile's key is looked up only when it is needed."""
    environ = {"MATRYOSHKA_API_KEY": "mk_e"}
    asked: list[str] = []

    def look(name: str, _profile: Profile) -> str:
        asked.append(name)
        return ""

    connect(Sources(Choices(), environ, CONFIG, look))
    assert [] == asked
    with pytest.raises(click.UsageError):
        connect(Sources(Choices(), {}, CONFIG, look))
    assert ["lab"] == asked


@pytest.mark.parametrize("key", ["mk_\u20ac", "mk_a\nb", "mk_\udcff", "mk_\x00"])
def test_a_key_that_no_header_can_carry(key: str) -> None:
    """It is told in a line that does not show it: what requests says of it quotes the whole header."""
    with pytest.raises(click.UsageError) as caught:
        _connect(environ={"MATRYOSHKA_API_KEY": key})
    assert "characters" in caught.value.message
    assert "mk_" not in caught.value.message
