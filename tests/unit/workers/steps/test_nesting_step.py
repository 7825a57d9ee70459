"""EnableNesting: each setting on its own, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import FACTS, VM_ID, Bench
from tests.unit.workers.steps.records import adapter, nesting_node, node_record, ours
from workers.errors import NotConverged, RemoteError
from workers.steps.nesting import nesting_settings

_PARAMS = {"memory_mib": 8192, "allow_small_memory": False}
_ROWS = [
    {"setting": "DynamicMemoryEnabled", "before": "True", "after": "False", "changed": True},
    {"setting": "AutomaticCheckpointsEnabled", "before": "False", "after": "False", "changed": False},
]


def test_a_plain_vm_is_enabled_and_read_back() -> None:
    """What differs is set in one call; the values of before become a fact."""
    host = FakeHost({"Get-NestedNode": [node_record(), nesting_node()]})
    host.answers["Enable-NestedVirtualization"] = {"changed": True, "settings": _ROWS}
    bench = Bench("EnableNesting", host, _PARAMS)

    assert bench.run() == ("succeeded", {"node.nest-1.settings": _ROWS})
    assert bench.changes()[0].parameters == {"vm_id": VM_ID, "memory_mib": 8192, "allow_small_memory": False}


def test_an_enabled_vm_is_skipped_with_nothing_to_put_back() -> None:
    """A VM that has everything is left alone, and so will its undo leave it."""
    bench = Bench("EnableNesting", FakeHost({"Get-NestedNode": nesting_node()}), _PARAMS)

    assert bench.run() == ("skipped", {"node.nest-1.settings": []})

    bench.facts = FACTS | {"node.nest-1.settings": []}
    bench.undo()
    assert bench.changes() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"expose_virtualization_extensions": False},
        {"dynamic_memory_enabled": True},
        {"automatic_checkpoints_enabled": True},
        {"memory_startup_mib": 4096},
        {"adapters": [adapter(mac_address_spoofing="On"), adapter(name="Second", mac_address_spoofing="Off")]},
    ],
)
def test_every_setting_is_compared_on_its_own(wrong: dict[str, Any]) -> None:
    """One wrong setting alone is enough to act; a half-done VM is repaired."""
    host = FakeHost({"Get-NestedNode": [nesting_node(**wrong), nesting_node()]})
    host.answers["Enable-NestedVirtualization"] = {"settings": _ROWS}

    assert Bench("EnableNesting", host, _PARAMS).run()[0] == "succeeded"


def test_a_setting_that_does_not_hold_is_not_converged() -> None:
    """A value that reads back otherwise is an error that names it."""
    host = FakeHost({"Get-NestedNode": nesting_node(dynamic_memory_enabled=True)})
    host.answers["Enable-NestedVirtualization"] = {"settings": _ROWS}

    with pytest.raises(NotConverged, match="DynamicMemoryEnabled"):
        Bench("EnableNesting", host, _PARAMS).run()


def test_an_adapter_without_a_switch_needs_no_spoofing() -> None:
    """Spoofing is a feature of a switch port."""
    found = nesting_node(adapters=[adapter(switch_name=None, connected=False, mac_address_spoofing="Off")])

    assert all(nesting_settings(found, 0).values())


@pytest.mark.parametrize("later", [{"attempt": 2}, {"memo": {"begun": True}}])
def test_a_later_claim_asks_the_journal_for_the_values_of_before(later: dict[str, Any]) -> None:
    """After a takeover the recorded answer is fetched, so that the way back is not lost."""
    host = FakeHost({"Get-NestedNode": nesting_node(), "Enable-NestedVirtualization": {"settings": _ROWS}})

    assert Bench("EnableNesting", host, _PARAMS, **later).run()[1] == {"node.nest-1.settings": _ROWS}


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("VmNotOff", "VM_NOT_OFF"),
        ("VmSaved", "VM_SAVED"),
        ("MemoryTooSmall", "MEMORY_TOO_SMALL"),
        ("VmVersionTooLow", "VM_VERSION_TOO_LOW"),
        ("HostCannotNest", "HOST_CPU_UNSUPPORTED"),
        ("VmNotFound", "VM_MISSING"),
    ],
)
def test_each_refusal_of_the_script_has_its_reason(word: str, code: str) -> None:
    """What the host-side script refuses stops the job with a code and a remedy."""
    with pytest.raises(RemoteError) as refused:
        Bench(
            "EnableNesting", FakeHost({"Get-NestedNode": node_record(), "Enable-NestedVirtualization": ours(word)})
        ).run()

    assert (refused.value.code, refused.value.retryable) == (code, False)
    assert refused.value.remedy


def test_undo_puts_back_what_was_changed() -> None:
    """Only changed settings go back, in Microsoft's spelling."""
    host = FakeHost({"Disable-NestedVirtualization": {}})
    bench = Bench("EnableNesting", host, facts=FACTS | {"node.nest-1.settings": _ROWS})
    bench.undo()

    assert bench.changes()[0].parameters["settings"] == [
        {"Setting": "DynamicMemoryEnabled", "Before": "True", "After": "False", "Changed": True}
    ]


def test_undo_without_a_record_leaves_the_vm_and_says_so() -> None:
    """What was never recorded is not guessed."""
    bench = Bench("EnableNesting", FakeHost())
    bench.undo()

    assert (bench.changes(), bench.warnings()) == ([], ["SETTINGS_LEFT"])
