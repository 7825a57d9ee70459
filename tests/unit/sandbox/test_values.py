"""Values keep their types on the way in and out."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from psrpcore import types as ps

from sandbox.machine import Credential, SecretText
from sandbox.values import from_ps, to_ps


class Plain(ps.PSCryptoProvider):
    """A cipher that changes nothing."""

    def encrypt(self, value: str) -> str:
        """The same text."""
        return value

    def decrypt(self, value: str) -> str:
        """The same text."""
        return value

    def register_key(self, key: bytes) -> None:
        """Nothing."""
        return


def over_the_wire(value: Any) -> Any:
    """What arrives of a PSRP value."""
    cipher = Plain()
    return ps.deserialize(ps.serialize(value, cipher), cipher)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -5,
        2**31,
        -(2**31) - 1,
        2**40,
        "",
        "ä \U0001f600 _x000A_",
        1.5,
        [1, "a", None],
        uuid.UUID(int=3),
        [],
    ],
)
def test_plain_values_come_back(value: Any) -> None:
    """A value that leaves and returns is the same value."""
    assert value == from_ps(over_the_wire(to_ps(value)))


def test_dicts_leave_as_objects_in_order() -> None:
    """A dict is a PSCustomObject whose properties keep their order."""
    sent = over_the_wire(to_ps({"B": 1, "A": {"C": [True]}}))

    assert ["B", "A"] == [item.name for item in sent.PSObject.extended_properties]
    assert {"B": 1, "A": {"C": [True]}} == from_ps(sent)
    assert "System.Management.Automation.PSCustomObject" in ps.PSCustomObject().PSObject.type_names


@pytest.mark.parametrize(
    ("value", "tag"),
    [(5, "I32"), (2**31, "I64"), (2**63, "D"), (1.5, "Db"), (True, "B"), ("x", "S"), (uuid.UUID(int=1), "G")],
)
def test_numbers_have_net_types(value: Any, tag: str) -> None:
    """Int32 where it fits, Int64 beyond, Decimal for what is larger, Double for floats."""
    assert tag == ps.serialize(to_ps(value), Plain()).tag


def test_time_spans_leave_as_seconds() -> None:
    """Psrpcore 0.3.1 misprints time spans (90 s as PT1M3S): they are numbers here."""
    assert 90.0 == from_ps(over_the_wire(to_ps(dt.timedelta(seconds=90))))
    assert "PT1M3S" == ps.serialize(dt.timedelta(seconds=90), Plain()).text


def test_secrets_stay_secrets() -> None:
    """SecureString and PSCredential become SecretText and Credential, which do not show their text."""
    secret = from_ps(ps.PSSecureString("hunter2"))
    credential = from_ps(over_the_wire(to_ps(Credential("LAB\\bob", SecretText("hunter2")))))

    assert (SecretText("hunter2"), Credential("LAB\\bob", SecretText("hunter2"))) == (secret, credential)
    assert "hunter2" not in repr(secret) + repr(credential)


def test_a_switch_parameter_is_a_bool() -> None:
    """A serialized SwitchParameter is its IsPresent."""
    switch = ps.PSCustomObject(IsPresent=True)
    switch.PSObject.type_names = ["Deserialized.System.Management.Automation.SwitchParameter", "System.Object"]

    assert from_ps(switch) is True


def test_an_unknown_type_is_refused() -> None:
    """What has no PSRP form is a TypeError, not a guess."""
    with pytest.raises(TypeError):
        to_ps(object())
