"""Secrets: their two shapes, and that they leave the request before it is kept."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from schemas.kinds import REQUEST_SCHEMAS
from schemas.secret import generated_secrets, split_secrets
from tests.unit.schemas.bodies import ABSENT, DOMAIN, body, loaded, refusals

_WHSEC = "whsec_" + base64.b64encode(b"k" * 32).decode()
_ALL: dict[str, Any] = {
    "guest__password": {"value": "guest-pw-1"},
    "identity": DOMAIN,
    "cluster__witness": {"kind": "cloud", "account_name": "labs", "access_key": {"value": "key"}},
    "callback_url": "https://portal.example/hook",
    "callback_secret": {"value": _WHSEC},
    "smoke_test": {
        "parent_disk_path": r"C:\Images\nano.vhdx",
        "guest": {"username": "Administrator", "password": {"ref": "file:nano"}},
    },
}


@pytest.mark.parametrize(
    "secret",
    [
        {"value": "long enough"},
        {"ref": "env:MATRYOSHKA_SECRET_GUEST_1"},
        {"ref": "file:guest"},
        {"ref": "file:team-a.guest.txt"},
        {"ref": "vault:secret/labs/host-1#password"},
    ],
)
def test_a_secret_is_given_or_named(secret: dict[str, str]) -> None:
    """A value and every kind of reference are taken as they are."""
    assert loaded(guest__password=secret)["guest"]["password"] == secret


@pytest.mark.parametrize(
    ("secret", "pointer", "code"),
    [
        ({}, "#/guest/password", "exclusive"),
        ({"value": "long enough", "ref": "file:x"}, "#/guest/password", "exclusive"),
        ({"value": "short"}, "#/guest/password/value", "length"),
        ({"value": ""}, "#/guest/password/value", "length"),
        ({"value": "bad\x00password"}, "#/guest/password/value", "characters"),
        ({"value": 12345678}, "#/guest/password/value", "type"),
        ({"ref": "env:PATH"}, "#/guest/password/ref", "pattern"),
        ({"ref": "file:../etc/passwd"}, "#/guest/password/ref", "pattern"),
        ({"ref": "file:a/b"}, "#/guest/password/ref", "pattern"),
        ({"ref": "file:a..b"}, "#/guest/password/ref", "pattern"),
        ({"ref": "file:.hidden"}, "#/guest/password/ref", "pattern"),
        ({"ref": "file:x\n"}, "#/guest/password/ref", "characters"),
        ({"ref": "vault:x"}, "#/guest/password/ref", "pattern"),
        ({"ref": "vault:secret/host"}, "#/guest/password/ref", "pattern"),
        ({"ref": "vault:secret/../sys/raw#x"}, "#/guest/password/ref", "pattern"),
        ({"ref": "vault:secret/a?b=c#x"}, "#/guest/password/ref", "pattern"),
        ({"sealed": "x"}, "#/guest/password/sealed", "unknown_field"),
        ("plain text", "#/guest/password", "type"),
    ],
)
def test_other_shapes_are_refused(secret: object, pointer: str, code: str) -> None:
    """Anything but one value or one reference inside its bounds is refused where it stands."""
    assert (pointer, code) in refusals(body(guest__password=secret))


def test_a_refusal_never_shows_the_secret() -> None:
    """The value of a refused secret is in no message."""
    from marshmallow import ValidationError

    from schemas.job import JobRequestSchema

    with pytest.raises(ValidationError) as caught:
        JobRequestSchema().load(body(guest__password={"value": "hunter2"}, callback_secret={"value": "hunter2"}))

    assert "hunter2" not in str(caught.value.messages)


def test_all_secrets_leave_the_request() -> None:
    """Every secret is taken out under its name and replaced by that name."""
    request = loaded(**_ALL)
    without, secrets = split_secrets(request)

    assert secrets == {
        "guest_administrator": {"value": "guest-pw-1"},
        "join_credential": {"value": "secret"},
        "witness_access_key": {"value": "key"},
        "callback_secret": {"value": _WHSEC},
        "nested_guest": {"ref": "file:nano"},
    }
    assert without["guest"]["password"] == {"secret": "guest_administrator"}
    assert without["identity"]["join_credential"] == {
        "username": r"CORP\joiner",
        "password": {"secret": "join_credential"},
    }
    assert without["cluster"]["witness"]["access_key"] == {"secret": "witness_access_key"}
    assert without["callback_secret"] == {"secret": "callback_secret"}
    assert without["smoke_test"]["guest"]["password"] == {"secret": "nested_guest"}


def test_splitting_leaves_the_given_request_alone() -> None:
    """Splitting changes a copy and finds nothing more when it is repeated."""
    request = loaded(**_ALL)
    before = json.dumps(request)
    without, _ = split_secrets(request)

    assert json.dumps(request) == before
    assert split_secrets(without) == (without, {})


def test_a_nested_vm_has_its_own_guest_secret() -> None:
    """The credential of a nested VM's guest leaves its request too."""
    guest = {"username": "Administrator", "password": {"value": "inner-pw"}}
    nested = {"name": "inner-1", "parent_disk_path": r"C:\Images\nano.vhdx", "guest": guest}
    _, secrets = split_secrets(loaded("nested_vm", nested_vm=nested))

    assert secrets["nested_guest"] == {"value": "inner-pw"}


def test_every_secret_of_every_kind_is_load_only() -> None:
    """No request schema can show a secret: dumping a loaded request leaves them out."""
    request = loaded(**_ALL)
    shown = json.dumps(REQUEST_SCHEMAS["nested_cluster"]().dump(request))

    assert not [secret for secret in ("guest-pw-1", '"secret"', '"key"', _WHSEC, "file:nano") if secret in shown]


@pytest.mark.parametrize(
    ("kind", "changes", "names"),
    [
        ("nested_cluster", {}, ("guest_administrator",)),
        ("nested_host", {}, ("guest_administrator",)),
        ("nested_host", {"guest__password": {"value": "long enough"}}, ()),
        ("install_role", {"target": {"lab_id": "lab_" + "0" * 26, "node": "nest-1"}, "host": ABSENT}, ()),
        ("inspect_host", {}, ()),
        ("teardown", {}, ()),
    ],
)
def test_only_seeded_guests_get_a_password(kind: str, changes: dict[str, Any], names: tuple[str, ...]) -> None:
    """A password is made only where disks are seeded and the caller gave none."""
    assert generated_secrets(loaded(kind, **changes)) == names


@pytest.mark.parametrize("size", [24, 32, 48, 64])
def test_a_signing_secret_has_24_to_64_bytes(size: int) -> None:
    """Signing secrets inside the bounds of Standard Webhooks are taken."""
    secret = {"value": "whsec_" + base64.b64encode(b"k" * size).decode()}

    assert refusals(body(callback_url="https://a.example", callback_secret=secret)) == []


@pytest.mark.parametrize(
    "value",
    [
        "whsec_" + base64.b64encode(b"k" * 23).decode(),
        "whsec_" + base64.b64encode(b"k" * 65).decode(),
        base64.b64encode(b"k" * 32).decode(),
        "whsec_not base64 at all, but long enough",
        "whsec_",
    ],
)
def test_other_signing_secrets_are_refused(value: str) -> None:
    """A signing secret without prefix, outside the bounds, or not in base64 is refused."""
    wrong = body(callback_url="https://a.example", callback_secret={"value": value})

    assert refusals(wrong) == [("#/callback_secret/value", "pattern")]
