"""References to Vault, against a stand-in that follows Vault's documented API (fake_vault.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.fake_vault import FakeVault
from workers.errors import SecretUnavailable
from workers.secrets import Keyring, References
from workers.settings import Settings, SettingsError, VaultSettings
from workers.vault import Vault

pytest.importorskip("hvac", reason="the extra `vault` is not installed")
SECRET = "vault-canary-7f3a9c!Zx"
REFERENCE = "vault:secret/labs/host-1#password"


@pytest.fixture
def fake() -> Iterator[FakeVault]:
    """A server with one secret in a mount of each version."""
    with FakeVault() as running:
        running.secrets["secret", "labs/host-1"] = {"password": SECRET, "port": 5986, "empty": ""}
        running.secrets["old", "labs/host-1"] = {"password": "of-version-1"}
        yield running


def _vault(fake: FakeVault, **fields: object) -> Vault:
    return Vault(VaultSettings(fake.url, **{"token": "root-token", "timeout_seconds": 5.0, **fields}))  # type: ignore[arg-type]


def test_secrets_of_both_engine_versions_are_read(fake: FakeVault) -> None:
    """The version of a mount is asked as `vault kv` does; a keyring opens the reference like any other."""
    keyring = Keyring(lambda _: b"", References(vault=_vault(fake, namespace="team-a")))
    values = [keyring.open({"ref": ref}).reveal() for ref in (REFERENCE, "vault:old/labs/host-1#password")]

    assert [SECRET, "of-version-1"] == values
    assert ["secret/data/labs/host-1", "old/labs/host-1"] == fake.reads
    assert {"team-a"} == set(fake.namespaces)


@pytest.mark.parametrize(
    "reference",
    [
        "vault:secret/labs/none#password",
        "vault:secret/labs/host-1#none",
        "vault:secret/labs/host-1#port",
        "vault:secret/labs/host-1#empty",
        "vault:unknown/labs/host-1#password",
        "vault:secret/../sys/raw#password",
        "vault:secret#password",
        "vault:secret/labs/host-1",
    ],
)
def test_what_cannot_be_there_later_is_fatal(fake: FakeVault, reference: str) -> None:
    """A missing path, field or mount, and a wrong form, fail at once and show no value of the secret."""
    with pytest.raises(SecretUnavailable) as refused:
        _vault(fake).read(reference)

    assert not refused.value.retryable
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_that_cannot_answer_now_is_asked_again(fake: FakeVault, status: int) -> None:
    """A sealed, overloaded or broken server makes an error that the step is tried again after; then it works."""
    vault = _vault(fake)
    fake.broken = (status, {"errors": [f"broken {SECRET}"]})
    with pytest.raises(SecretUnavailable) as refused:
        vault.read(REFERENCE)
    fake.broken = None

    assert refused.value.retryable
    assert SECRET not in str(refused.value)
    assert SECRET == vault.read(REFERENCE)


def test_no_server_and_no_vault_are_retryable() -> None:
    """A refused connection, and an answer that is not Vault's, are tried again later."""
    with FakeVault() as other:
        other.broken = (200, {"hello": "world"})
        with pytest.raises(SecretUnavailable) as strange:
            _vault(other).read(REFERENCE)
    with pytest.raises(SecretUnavailable) as nobody:
        _vault(other).read(REFERENCE)

    assert [True, True] == [strange.value.retryable, nobody.value.retryable]


def test_a_refused_token_is_fatal(fake: FakeVault) -> None:
    """A token that Vault does not take ends the step with a reason that does not show the token."""
    with pytest.raises(SecretUnavailable, match="Forbidden") as refused:
        _vault(fake, token="stolen-token").read(REFERENCE)

    assert not refused.value.retryable
    assert "stolen-token" not in str(refused.value)


def test_a_token_file_is_read_again_when_its_token_ended(fake: FakeVault, tmp_path: Path) -> None:
    """Vault's agent replaces the token in the file: the next read uses it without a restart."""
    file = tmp_path / "token"
    file.write_text("first\n")
    fake.tokens = {"first"}
    vault = _vault(fake, token="", token_file=str(file))
    assert SECRET == vault.read(REFERENCE)
    file.write_text("second\n")
    fake.tokens = {"second"}

    assert "of-version-1" == vault.read("vault:old/labs/host-1#password")


def test_an_approle_logs_in_again_when_its_token_ended(fake: FakeVault, tmp_path: Path) -> None:
    """Role and secret id come from files; an expired token leads to one new login, a wrong secret id to an error."""
    (tmp_path / "role").write_text("role-1\n")
    (tmp_path / "secret").write_text("secret-id-1\n")
    fake.role = ("role-1", "secret-id-1")
    files = {"role_id_file": str(tmp_path / "role"), "secret_id_file": str(tmp_path / "secret")}
    vault = _vault(fake, token="", **files)
    first = vault.read(REFERENCE)
    fake.tokens = {"root-token"}
    second = vault.read("vault:old/labs/host-1#password")
    fake.tokens, fake.role = set(), ("role-1", "another")

    assert (SECRET, "of-version-1", 2) == (first, second, fake.logins)
    with pytest.raises(SecretUnavailable) as refused:
        vault.read("vault:secret/labs/other#password")
    assert "secret-id-1" not in str(refused.value)


def test_values_are_kept_for_half_a_minute(fake: FakeVault) -> None:
    """Many steps ask Vault once; a changed secret is seen after the time, and what is at hand asks nobody."""
    now = [0.0]
    vault = Vault(VaultSettings(fake.url, token="root-token"), monotonic=lambda: now[0])
    references = References(vault=vault)
    assert not references.is_at_hand(REFERENCE)
    values = [references.read(REFERENCE) for _ in range(3)]
    fake.secrets["secret", "labs/host-1"] = {"password": "changed"}
    now[0] = 29.0
    assert references.is_at_hand(REFERENCE)
    values.append(references.read(REFERENCE))
    now[0] = 31.0

    assert [SECRET] * 4 == values
    assert "changed" == references.read(REFERENCE)
    assert 2 == len(fake.reads)


def test_a_vault_prints_nothing_secret(fake: FakeVault) -> None:
    """Neither token nor kept values are in its text."""
    vault = _vault(fake)
    vault.read(REFERENCE)

    assert not [
        word for word in (SECRET, "root-token") if word in f"{vault} {vault.settings} {References(vault=vault)}"
    ]


def test_references_are_off_without_an_address() -> None:
    """Without VAULT_ADDR a vault reference is refused, saying so."""
    with pytest.raises(SecretUnavailable, match="VAULT_ADDR"):
        References().read(REFERENCE)


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"VAULT_ADDR": "vault.example"}, "VAULT_ADDR"),
        ({"VAULT_ADDR": "https://v"}, "VAULT_TOKEN_FILE"),
        ({"VAULT_ADDR": "https://v", "VAULT_ROLE_ID_FILE": "/r"}, "VAULT_ROLE_ID_FILE"),
        (
            {"VAULT_ADDR": "https://v", "VAULT_TOKEN": "t", "MATRYOSHKA_VAULT_TIMEOUT_SECONDS": "x"},
            "MATRYOSHKA_VAULT_TIMEOUT_SECONDS",
        ),
    ],
)
def test_bad_settings_are_named(environ: dict[str, str], variable: str) -> None:
    """A Vault that could not be used is refused at start, naming the variable."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({"MATRYOSHKA_REDIS_URL": "redis://x", **environ})

    assert variable == refused.value.variable
