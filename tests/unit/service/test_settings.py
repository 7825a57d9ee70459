"""Settings of the web process."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from service.api.context import EXTENSION
from service.app import create_app
from service.ledger.store.settings import STANDARD_SCHEDULE
from service.settings import Settings, SettingsError

KEY = base64.b64encode(bytes(32)).decode()
GOOD = {"MATRYOSHKA_REDIS_URL": "redis://localhost/0", "MATRYOSHKA_PUBLIC_KEY": KEY}


def test_defaults() -> None:
    """Two variables are enough."""
    settings = Settings.from_env(GOOD)

    assert ("mk", 64, "strict", "") == (
        settings.namespace,
        settings.stream_cap,
        settings.durability,
        settings.base_url,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MATRYOSHKA_REDIS_URL", ""),
        ("MATRYOSHKA_PUBLIC_KEY", ""),
        ("MATRYOSHKA_PUBLIC_KEY", "not base64!"),
        ("MATRYOSHKA_PUBLIC_KEY", base64.b64encode(bytes(31)).decode()),
        ("MATRYOSHKA_NAMESPACE", "a b"),
        ("MATRYOSHKA_DURABILITY", "hopefully"),
        ("MATRYOSHKA_STREAM_CAP", "many"),
        ("MATRYOSHKA_STREAM_CAP", "0"),
        ("MATRYOSHKA_SWEEP_SECONDS", "nan"),
        ("MATRYOSHKA_BASE_URL", "example.org"),
        ("MATRYOSHKA_CURSOR_KEY_FILE", "/nowhere/key"),
        ("MATRYOSHKA_WEBHOOK_NETWORKS", "10.0.0.1/8"),
        ("MATRYOSHKA_WEBHOOK_HOSTS", "https://portal.example"),
        ("MATRYOSHKA_WEBHOOK_SCHEDULE", "0,later"),
    ],
)
def test_bad_variable_is_named(name: str, value: str) -> None:
    """A variable that cannot be used is named in the error."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(GOOD | {name: value})

    assert name == caught.value.variable
    assert name in str(caught.value)


def test_webhook_schedule_reaches_the_ledger() -> None:
    """The web process writes deliveries too, so it takes the schedule that the workers take."""
    chosen = create_app(Settings.from_env(GOOD | {"MATRYOSHKA_WEBHOOK_SCHEDULE": "7, 60"}))
    standard = create_app(Settings.from_env(GOOD))

    assert (7.0, 60.0) == chosen.extensions[EXTENSION].store.settings.webhook_schedule
    assert STANDARD_SCHEDULE == standard.extensions[EXTENSION].store.settings.webhook_schedule


def test_public_key_from_a_file(tmp_path: Path) -> None:
    """The key may be in a file, with a line break at its end."""
    file = tmp_path / "sealing.pub"
    file.write_text(KEY + "\n")
    environ = {"MATRYOSHKA_REDIS_URL": "redis://x", "MATRYOSHKA_PUBLIC_KEY_FILE": str(file)}

    assert KEY == Settings.from_env(environ).public_key


def test_cursor_key_is_the_same_in_every_process() -> None:
    """Two processes with the same settings read each other's cursors."""
    assert Settings.from_env(GOOD).cursor_key == Settings.from_env(GOOD).cursor_key
