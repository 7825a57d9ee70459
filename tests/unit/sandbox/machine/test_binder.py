"""Parameter binding."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.machine import PsError, SecretText
from tests.unit.sandbox.machine.lab import Lab

INVALID = "ParameterArgumentValidationError"
UNFIT = "ParameterArgumentTransformationError"
SLEEP = "CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.StartSleepCommand"


def refusal(name: str, **parameters: Any) -> PsError:
    """The error that a command ends with."""
    with pytest.raises(PsError) as caught:
        Lab().invoke(name, **parameters)
    return caught.value


@pytest.mark.parametrize(
    ("name", "parameters", "fqid", "category"),
    [
        ("Get-NestedNat", {"Nmae": "x"}, "NamedParameterNotFound,Get-NestedNat", "InvalidArgument"),
        ("Get-NestedNat", {"WhatIf": True, "Name": "x"}, "NamedParameterNotFound,Get-NestedNat", "InvalidArgument"),
        ("Get-NestedNat", {}, "MissingMandatoryParameter,Get-NestedNat", "InvalidArgument"),
        ("Get-NestedNat", {"Name": ""}, f"{INVALID},Get-NestedNat", "InvalidData"),
        ("Get-NestedRole", {"Feature": []}, f"{INVALID},Get-NestedRole", "InvalidData"),
        ("Start-NestedNode", {"VMId": "no guid"}, f"{UNFIT},Start-NestedNode", "InvalidData"),
        ("Get-NestedEvidence", {"SinceMinutes": "soon"}, f"{UNFIT},Get-NestedEvidence", "InvalidData"),
        ("Get-NestedNat", {"Name": SecretText("x")}, f"{UNFIT},Get-NestedNat", "InvalidData"),
        ("Wait-NestedNode", {"VMId": "0" * 32, "Stage": "Up"}, f"{INVALID},Wait-NestedNode", "InvalidData"),
        ("Start-Sleep", {"Seconds": "x"}, SLEEP, "InvalidArgument"),
        ("Get-Nothing", {}, "CommandNotFoundException", "ObjectNotFound"),
    ],
)  # fmt: skip
def test_refusals_have_powershells_ids(name: str, parameters: dict[str, Any], fqid: str, category: str) -> None:
    """What cannot be bound is refused with PowerShell's own id and category."""
    error = refusal(name, **parameters)

    assert (error.fqid, error.category) == (fqid, category)


def test_names_ignore_case_and_may_be_cut_short() -> None:
    """A parameter is found by any case and by a prefix that fits only one."""
    assert Lab().run("get-nestednat", nAm="x") == {"Exists": False, "Name": "x", "Prefix": None}


def test_an_ambiguous_prefix_is_refused() -> None:
    """A prefix of two parameters binds neither."""
    assert refusal("Get-NestedNat", e="Stop").fqid == "AmbiguousParameter,Get-NestedNat"


def test_scalars_become_arrays_and_text_becomes_numbers() -> None:
    """Arguments are converted as PowerShell converts them."""
    lab = Lab()

    assert [row["Name"] for row in lab.run("Get-NestedRole", Feature="Hyper-V")["Features"]] == ["Hyper-V"]
    assert lab.run("Get-NestedEvidence", SinceMinutes="5")["Truncated"] is False


def test_a_secure_string_must_be_one() -> None:
    """Clear text is no SecureString."""
    error = refusal("Set-NestedDiskSeed", Path="p", Owner="o", ComputerName="c", AdministratorPassword="clear")

    assert error.fqid == "ParameterArgumentTransformationError,Set-NestedDiskSeed"
    assert "clear" not in error.message


def test_secrets_are_not_shown() -> None:
    """The text of a secret is in no repr."""
    assert "geheim" not in repr(SecretText("geheim"))
