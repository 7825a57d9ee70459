"""Unit tests of service.ledger.sealing."""

from __future__ import annotations

import pytest

from service.ledger.sealing import BadKey, BrokenSeal, new_private_key, open_sealed, public_key_of, seal

SECRET = "pä$$word".encode()


def test_sealed_secret_opens_with_its_key_only() -> None:
    """What the public key seals, its private key opens, and no other."""
    private, other = new_private_key(), new_private_key()
    sealed = seal(public_key_of(private), SECRET)

    assert SECRET == open_sealed(private, sealed)
    with pytest.raises(BrokenSeal):
        open_sealed(other, sealed)


def test_same_secret_seals_differently() -> None:
    """Two seals of one secret cannot be told to be the same."""
    public = public_key_of(new_private_key())

    assert seal(public, SECRET) != seal(public, SECRET)


def test_changed_seal_is_broken() -> None:
    """A seal that was changed or is no base64 does not open."""
    private = new_private_key()
    sealed = seal(public_key_of(private), SECRET)
    for wrong in (sealed[:-8] + "AAAAAAA=", "", "no base64!"):
        with pytest.raises(BrokenSeal):
            open_sealed(private, wrong)


@pytest.mark.parametrize("key", ["", "short", "AAAA", "§"])
def test_bad_keys_are_named(key: str) -> None:
    """A key that is none is refused without being repeated in the message."""
    with pytest.raises(BadKey) as refused:
        seal(key, SECRET)

    assert not key or key not in str(refused.value)
