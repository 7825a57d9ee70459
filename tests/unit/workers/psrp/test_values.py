"""Typed values cross the PSRP edge in both directions without losing their type or their case."""

from __future__ import annotations

import uuid

import pytest
from pypsrp.complex_objects import GenericComplexObject, PSCredential
from pypsrp.serializer import TaggedValue

from workers.errors import ProtocolBroken
from workers.psrp.values import (
    needs_session_key,
    parse_result,
    pascal_case,
    plain_value,
    single_object,
    snake_case,
    snake_keys,
    wire_parameters,
    wire_value,
)
from workers.secrets import Credential, SecretStr

_GUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"


@pytest.mark.parametrize(
    ("python", "microsoft"),
    [
        ("vm_id", "VMId"),
        ("memory_mib", "MemoryMib"),
        ("cleanup_ad", "CleanupAD"),
        ("not_boot_id", "NotBootId"),
        ("name", "Name"),
        ("sha256", "Sha256"),
        ("data_disk_path", "DataDiskPath"),
    ],
)
def test_parameters_get_the_modules_spelling(python: str, microsoft: str) -> None:
    """Names of parameters are spelled as docs/functions.md spells them."""
    assert microsoft == pascal_case(python)


@pytest.mark.parametrize(
    ("microsoft", "python"),
    [
        ("VMId", "vm_id"),
        ("VMs", "vms"),
        ("OsBuild", "os_build"),
        ("VMMonitorModeExtensions", "vm_monitor_mode_extensions"),
        ("VMHostAnswers", "vm_host_answers"),
        ("DefaultVMVersion", "default_vm_version"),
        ("IPAddresses", "ip_addresses"),
        ("MaxMemoryPerShellMB", "max_memory_per_shell_mb"),
        ("PSVersion", "ps_version"),
        ("Sha256", "sha256"),
        ("IsHyperVAdministrator", "is_hyper_v_administrator"),
    ],
)
def test_fields_get_pythons_spelling(microsoft: str, python: str) -> None:
    """Names of output fields become snake_case."""
    assert python == snake_case(microsoft)


def test_every_parameter_has_the_type_that_the_host_needs() -> None:
    """A VM id is a Guid, memory and large ints are Int64, a float is a Double, None is left out."""
    wired = wire_parameters(
        {"vm_id": _GUID, "memory_mib": 64, "size": 2**33, "ratio": 0.1, "turn_off": True, "gone": None}
    )

    assert uuid.UUID(_GUID) == wired["VMId"]
    assert {("I64", 64), ("I64", 2**33), ("Db", 0.1)} == {
        (item.tag, item.value) for item in wired.values() if isinstance(item, TaggedValue)
    }
    assert wired["TurnOff"] is True
    assert "Gone" not in wired


def test_secrets_become_secure_strings_also_inside_a_hashtable() -> None:
    """SecretStr and Credential become SecureString and PSCredential at any depth, and ask for the session key."""
    parameters = {
        "parameters": {"AdministratorPassword": SecretStr("pw"), "Credential": Credential("bob", SecretStr("pw2"))}
    }

    wired = wire_parameters(parameters)["Parameters"]

    assert ("SS", "pw") == (wired["AdministratorPassword"].tag, wired["AdministratorPassword"].value)
    assert isinstance(wired["Credential"], PSCredential)
    assert needs_session_key(parameters)
    assert needs_session_key([SecretStr("x")])
    assert not needs_session_key({"a": [1, "b"]})


def test_a_splatted_hashtable_keeps_its_keys_and_types() -> None:
    """Inside -Parameters the same typing rules hold, and keys that are data stay as they are."""
    wired = wire_value(
        {"VMId": _GUID, "MemoryMib": 4096, "HostEntries": {"NEST-1": "10.0.0.1"}, "Feature": ["Hyper-V"]}
    )

    assert uuid.UUID(_GUID) == wired["VMId"]
    assert "I64" == wired["MemoryMib"].tag
    assert {"NEST-1": "10.0.0.1"} == wired["HostEntries"]
    assert ["Hyper-V"] == wired["Feature"]


def test_a_type_without_a_wire_form_is_refused() -> None:
    """An object that CLIXML cannot carry is a TypeError here, not a surprise on the host."""
    with pytest.raises(TypeError):
        wire_value(object())


def test_results_are_snake_case_at_every_level() -> None:
    """ResultJson becomes snake_case inside lists and objects, but names of computers are data."""
    text = '{"VMs":[{"VMId":"1","IPAddresses":["a"]}],"HostEntries":{"NEST-One":"10.0.0.1"},"Changed":true}'

    expected = {
        "vms": [{"vm_id": "1", "ip_addresses": ["a"]}],
        "host_entries": {"NEST-One": "10.0.0.1"},
        "changed": True,
    }
    assert expected == parse_result(text, "Get-X")


@pytest.mark.parametrize("text", ["", "[1]", "{", '"text"'])
def test_a_result_that_is_not_an_object_is_a_protocol_error(text: str) -> None:
    """Anything but one JSON object is refused."""
    with pytest.raises(ProtocolBroken):
        parse_result(text, "Get-X")


def test_one_object_is_found_among_other_output() -> None:
    """An object of PowerShell becomes a dict, Guids become text, and two objects are refused."""
    thing = GenericComplexObject()
    thing.adapted_properties = {"VMId": uuid.UUID(_GUID)}
    thing.extended_properties = {"Tags": ["a", "b"]}

    assert {"VMId": _GUID, "Tags": ["a", "b"]} == single_object(["noise", thing], "Get-X")
    assert {"vm_id": _GUID, "tags": ["a", "b"]} == snake_keys(single_object([thing], "Get-X"))
    with pytest.raises(ProtocolBroken):
        single_object([thing, thing], "Get-X")
    with pytest.raises(ProtocolBroken):
        single_object([], "Get-X")


def test_a_table_inside_a_list_is_refused() -> None:
    """What pypsrp could not read of an answer is an error, not an empty text."""
    lost = GenericComplexObject()
    lost.property_sets = ["<DCT/>"]

    with pytest.raises(ProtocolBroken):
        plain_value([lost])
