"""Secrets are sealed on arrival."""

from __future__ import annotations

from typing import Any

from service.api.sealer import new_password, new_webhook_secret, sealed, take_secrets
from service.ledger.sealing import new_private_key, open_sealed, public_key_of

PRIVATE = new_private_key()
PUBLIC = public_key_of(PRIVATE)


def test_value_is_sealed_and_reference_kept() -> None:
    """A value can be opened with the private key only; a reference is left to the workers."""
    assert b"geheim" == open_sealed(PRIVATE, sealed(PUBLIC, {"value": "geheim"})["sealed"])
    assert {"ref": "file:password"} == sealed(PUBLIC, {"ref": "file:password"})


def test_request_keeps_names_only() -> None:
    """What remains of a request names its secrets and holds none; the given request is not changed."""
    request: dict[str, Any] = {"kind": "install_role", "guest": {"username": "a", "password": {"value": "geheim"}}}
    clean, secrets = take_secrets(PUBLIC, request)

    assert {"secret": "guest_administrator"} == clean["guest"]["password"]
    assert {"guest_administrator"} == set(secrets)
    assert "geheim" not in str(clean) + str(secrets)
    assert {"value": "geheim"} == request["guest"]["password"]


def test_password_that_is_left_to_us_is_made() -> None:
    """A kind that makes nodes gets a password when none was given; others do not."""
    clean, secrets = take_secrets(PUBLIC, {"kind": "nested_host", "guest": {"username": "Administrator"}})

    assert {"secret": "guest_administrator"} == clean["guest"]["password"]
    assert open_sealed(PRIVATE, secrets["guest_administrator"]["sealed"])
    assert {} == take_secrets(PUBLIC, {"kind": "inspect_host"})[1]


def test_made_passwords_meet_windows_rules() -> None:
    """All four character classes, long, and never the same."""
    made = {new_password() for _ in range(50)}

    assert 50 == len(made)
    for password in made:
        classes = (str.islower, str.isupper, str.isdigit, lambda one: not one.isalnum())
        assert all(any(test(one) for one in password) for test in classes)


def test_webhook_secret_has_the_standard_form() -> None:
    """`whsec_` and base64 of 32 bytes (Standard Webhooks)."""
    assert new_webhook_secret().startswith("whsec_")
    assert len(new_webhook_secret()) == len("whsec_") + 44


def test_a_rotation_without_a_password_gets_one() -> None:
    """A new password that nobody gave is made and sealed at once; one that is given is sealed like all others."""
    clean, secrets = take_secrets(PUBLIC, {"kind": "rotate_guest_password", "lab_id": "lab_1"})
    assert clean["new_password"] == {"secret": "new_guest_administrator"}
    assert len(open_sealed(PRIVATE, secrets["new_guest_administrator"]["sealed"])) > 20

    given = {
        "kind": "rotate_guest_password",
        "new_password": {"value": "geheim-1"},
        "present_password": {"ref": "file:x"},
    }
    clean, secrets = take_secrets(PUBLIC, given)
    assert clean["present_password"] == {"secret": "guest_administrator"}
    assert secrets["guest_administrator"] == {"ref": "file:x"}
    assert open_sealed(PRIVATE, secrets["new_guest_administrator"]["sealed"]) == b"geheim-1"
    assert "geheim" not in str(clean) + str(secrets)
