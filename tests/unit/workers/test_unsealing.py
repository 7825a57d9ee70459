"""A worker opens boxes of old and new keys, and learns a new key without being started again."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.ledger.sealing import new_private_key, public_key_of, seal
from workers.settings import SettingsError
from workers.unsealing import Unsealer


def _box(key: str) -> str:
    return seal(public_key_of(key), b"value")


def test_every_key_of_the_file_opens(tmp_path: Path) -> None:
    """Boxes of both keys open, and so does one of before there were key ids."""
    old, new = new_private_key(), new_private_key()
    unseal = Unsealer(lambda: f"{old}\n{new}\n")

    boxes = [_box(old), _box(new), _box(old).partition(":")[2], _box(new).partition(":")[2]]
    assert [b"value"] * 4 == [unseal(box) for box in boxes]


def test_a_key_that_was_added_later_is_found(tmp_path: Path) -> None:
    """A box that names an unknown key makes the worker read the file again; keys that left it still open."""
    old, new = new_private_key(), new_private_key()
    file = tmp_path / "sealing.key"
    file.write_text(old)
    unseal = Unsealer(file.read_text)
    file.write_text(new)

    assert b"value" == unseal(_box(new))
    assert b"value" == unseal(_box(old))


def test_a_box_of_a_stranger_is_refused() -> None:
    """A box for another key is refused with that key's id, also while the file cannot be read."""
    texts = [new_private_key()]
    unseal = Unsealer(lambda: texts[0])
    texts[0] = "no key"

    with pytest.raises(ValueError, match="there is no private key"):
        unseal(_box(new_private_key()))


def test_a_worker_without_a_key_does_not_start() -> None:
    """A file without a key, or with something else in it, is a bad setting; the message does not show it."""
    for text in ("", "# only a comment", "not-a-key"):
        with pytest.raises(SettingsError) as refused:
            Unsealer(lambda text=text: text)  # type: ignore[misc]
        assert "not-a-key" not in str(refused.value)


def test_keys_never_print() -> None:
    """Neither the opener nor its keys show a key."""
    key = new_private_key()
    unseal = Unsealer(lambda: key)

    assert key not in f"{unseal} {unseal.keys}"
