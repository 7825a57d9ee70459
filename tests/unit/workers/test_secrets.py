"""Secrets stay secret: in print, in references and in everything that is stored."""

from __future__ import annotations

import base64
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.errors import SecretUnavailable
from workers.secrets import Keyring, References, Scrubber, SecretBox, SecretStr

_VALUE = 'P@ss "w<ö>rd\\'


def _scrubber(value: str = _VALUE) -> Scrubber:
    scrubber = Scrubber()
    scrubber.add(SecretStr(value))
    return scrubber


def test_a_secret_never_prints() -> None:
    """Neither repr, str, format nor pickle shows the value."""
    secret = SecretStr("hunter2")

    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {secret:}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    "shown",
    [
        _VALUE,
        json.dumps(_VALUE)[1:-1],
        "P@ss &quot;w&lt;ö&gt;rd\\",
        'P@ss "w&lt;ö&gt;rd\\',
        base64.b64encode(_VALUE.encode()).decode(),
        base64.b64encode(_VALUE.encode("utf-16-le")).decode(),
        _VALUE.encode("utf-16-le").decode("latin-1"),
    ],
)
def test_every_form_of_a_value_is_masked(shown: str) -> None:
    """Plain, JSON, XML, base64 and UTF-16 forms of a secret are taken out of text."""
    scrubbed = _scrubber().text(f"before {shown} after")

    assert shown not in scrubbed
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")


@given(before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_a_value_inside_longer_base64_is_masked(before: bytes, after: bytes) -> None:
    """The value is found at each of the three positions that it can take in a base64 text."""
    encoded = base64.b64encode(before + b"correct horse battery" + after).decode()

    assert "[secret]" in _scrubber("correct horse battery").text(encoded)


def test_values_are_scrubbed_at_every_depth() -> None:
    """Keys, lists and nested mappings are scrubbed; numbers and booleans stay."""
    value = {"a": [f"x{_VALUE}", {"b": _VALUE}], _VALUE: 1, "ok": True, "n": None}

    expected = {"a": ["x[secret]", {"b": "[secret]"}], "[secret]": 1, "ok": True, "n": None}
    assert expected == _scrubber().value(value)


def test_short_values_do_not_mask_ordinary_text() -> None:
    """A value of less than four characters is not masked: it would hit ordinary words."""
    assert "an answer" == _scrubber("an").text("an answer")


def test_sealed_and_referenced_secrets_open(tmp_path: Path) -> None:
    """A keyring opens a sealed box, an environment variable and a file, without the file's line end."""
    (tmp_path / "host1").write_text("from-file\n")
    references = References(str(tmp_path), {"MATRYOSHKA_SECRET_H": "from-env"})
    keyring = Keyring(lambda box: box[::-1].encode(), references)

    opened = [
        keyring.open(item).reveal()
        for item in ({"sealed": "abc"}, {"ref": "env:MATRYOSHKA_SECRET_H"}, {"ref": "file:host1"})
    ]
    assert ["cba", "from-env", "from-file"] == opened


@pytest.mark.parametrize(
    "reference",
    [
        "env:PATH", "env:MATRYOSHKA_SECRET_NONE", "file:../secret", "file:none", "file:/etc/passwd", "file:latin1",
        "http:x", "",
    ],
)  # fmt: skip
def test_other_references_are_refused(reference: str, tmp_path: Path) -> None:
    """Only our own variables and text files below the secrets directory may be named; errors do not show values."""
    (tmp_path / "latin1").write_bytes("pässword".encode("latin-1"))
    keyring = Keyring(lambda _: b"", References(str(tmp_path), {"PATH": "/bin"}))

    with pytest.raises(SecretUnavailable) as caught:
        keyring.open({"ref": reference})
    assert "/bin" not in str(caught.value)
    assert Keyring(lambda _: b"", References(str(tmp_path), {})).open_at_hand({"ref": reference}) is None


def test_file_references_are_off_without_a_directory() -> None:
    """Without MATRYOSHKA_SECRETS_DIR no file can be named."""
    with pytest.raises(SecretUnavailable):
        References("", {}).read("file:etc")


def test_a_box_that_is_not_ours_is_an_error_of_ours() -> None:
    """A damaged seal becomes SecretUnavailable, not a crash."""

    def refuse(_: str) -> bytes:
        raise ValueError("broken")

    with pytest.raises(SecretUnavailable):
        Keyring(refuse).open({"sealed": "x"})


def test_what_a_box_opens_is_scrubbed_from_then_on() -> None:
    """Opening a secret makes the claim's scrubber know it; a missing one is refused by name."""
    scrubber = Scrubber()
    box = SecretBox({"guest_administrator": {"sealed": "s3cret-value"}}, Keyring(lambda box: box.encode()), scrubber)

    assert "s3cret-value" == box.credential("guest_administrator", "Administrator").password.reveal()
    assert "x [secret]" == scrubber.text("x s3cret-value")
    assert not box.has("join_credential")
    with pytest.raises(SecretUnavailable, match="join_credential"):
        box.get("join_credential")


def test_a_claim_masks_secrets_that_it_did_not_use() -> None:
    """A step may be shown what another step of its job was given: all secrets at hand are masked from the start."""
    stored = {"used_elsewhere": {"sealed": "another-secret"}, "missing": {"ref": "file:none"}}
    scrubber = Scrubber()
    SecretBox(stored, Keyring(lambda box: box.encode()), scrubber)

    assert "x [secret]" == scrubber.text("x another-secret")


def test_a_keyring_tells_the_log_what_it_opened() -> None:
    """Every value that the process opens is masked in its log from then on."""
    opened = Scrubber()
    Keyring(lambda box: box.encode(), opened=opened).open({"sealed": "opened-secret"})

    assert "x [secret]" == opened.text("x opened-secret")
