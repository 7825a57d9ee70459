"""A worker's environment is read once and refused by the name of the bad variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.settings import Settings, SettingsError

_BASE = {"MATRYOSHKA_REDIS_URL": "redis://127.0.0.1/0"}


def test_defaults_are_the_documented_ones() -> None:
    """Without anything but the ledger's address the documented values hold, and the name is made up."""
    settings = Settings.from_env(_BASE)

    assert (60.0, 10.0, 2.0, 1.0, 10.0) == (
        settings.lease_seconds,
        settings.heartbeat_seconds,
        settings.fence_margin_seconds,
        settings.poll_seconds,
        settings.drain_seconds,
    )
    assert (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400) == settings.webhook_schedule
    assert ["0.0.0.0/0", "::/0"] == [str(network) for network in settings.webhook_networks]
    assert "https://slack.com/api" == settings.slack_api_url
    assert not settings.has_stable_name
    assert settings.worker_name
    assert Settings.from_env({**_BASE, "MATRYOSHKA_WORKER_NAME": "w1@hv"}).has_stable_name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MATRYOSHKA_REDIS_URL", ""),
        ("MATRYOSHKA_LEASE_SECONDS", "soon"),
        ("MATRYOSHKA_METRICS_LISTEN", "everywhere"),
        ("MATRYOSHKA_LEASE_SECONDS", "1"),
        ("MATRYOSHKA_LEASE_SECONDS", "20"),
        ("MATRYOSHKA_LEASE_SECONDS", "inf"),
        ("MATRYOSHKA_SELF_FENCE_MARGIN_SECONDS", "31"),
        ("MATRYOSHKA_POLL_SECONDS", "0"),
        ("MATRYOSHKA_DURABILITY", "maybe"),
        ("MATRYOSHKA_NAMESPACE", "a b"),
        ("MATRYOSHKA_WORKER_NAME", "a b"),
        ("MATRYOSHKA_WEBHOOK_NETWORKS", "10.0.0.1/8"),
        ("MATRYOSHKA_WEBHOOK_HOSTS", "https://portal.example"),
        ("MATRYOSHKA_WEBHOOK_SCHEDULE", "0,later"),
        ("MATRYOSHKA_SLACK_API_URL", "slack.com/api"),
    ],
)
def test_a_bad_variable_is_named(name: str, value: str) -> None:
    """The error says which variable; lease, heartbeat and margin must fit together."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({**_BASE, name: value})
    assert name == caught.value.variable


def test_the_private_keys_are_read_from_their_file(tmp_path: Path) -> None:
    """The keys come from the named file only, and a missing one is named without its content."""
    path = tmp_path / "key"
    path.write_text("a2V5\n")

    assert "a2V5\n" == Settings.from_env({**_BASE, "MATRYOSHKA_PRIVATE_KEY_FILE": str(path)}).private_keys()
    for environ in (_BASE, {**_BASE, "MATRYOSHKA_PRIVATE_KEY_FILE": str(tmp_path / "none")}):
        with pytest.raises(SettingsError):
            Settings.from_env(environ).private_keys()
