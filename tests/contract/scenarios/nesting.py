"""The host's side of nested virtualization: settings compared, changed, read back, and taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.contract.scenario import Scenario, Step, Switched, VmId
from tests.contract.scenarios.nodes import GET, powerless
from tests.contract.world import OWNER, Adapter, Vm, World, a_node, a_world

NODE = "nest-1"
_ID = {"VMId": VmId(NODE)}
_PLAIN = Vm(NODE, OWNER, automatic_checkpoints=True, dynamic_memory=True, disks=())
_READY = Vm(NODE, OWNER, exposed=True, adapters=(Adapter(spoofing=True),))
_TWO = (Adapter(spoofing=True), Adapter(), Adapter("Second", ""))
_ENABLE, _DISABLE = "Enable-NestedVirtualization", "Disable-NestedVirtualization"


def _host(vm: Vm, **host: Any) -> World:
    return a_world(vms=(vm,), **host)


def _refused(function: str, why: str, world: World, word: str, **arguments: Any) -> Scenario:
    return Scenario(
        function,
        f"refused: {why}",
        world,
        {**_ID, **arguments},
        expect=f"Matryoshka.{word},{function}",
        unchanged=True,
    )


def _row(setting: str, before: str) -> dict[str, str]:
    return {"Setting": setting, "Before": before}


ENABLING = (
    Scenario(_ENABLE, "fresh", _host(_PLAIN), _ID, changed=True, warnings=0),
    Scenario(_ENABLE, "fresh: more memory", _host(_PLAIN), {**_ID, "MemoryMib": 8192}, changed=True),
    Scenario(
        _ENABLE,
        "fresh: little memory allowed",
        _host(replace(_PLAIN, memory_mib=2048)),
        {**_ID, "AllowSmallMemory": Switched()},
        changed=True,
    ),
    Scenario(_ENABLE, "fresh: on AMD", _host(_PLAIN, vendor="amd"), _ID, changed=True),
    Scenario(
        _ENABLE, "fresh: AMD's least version", _host(replace(_PLAIN, version="9.3"), vendor="amd"), _ID, changed=True
    ),
    Scenario(_ENABLE, "fresh: Intel's least version", _host(replace(_PLAIN, version="8.0")), _ID, changed=True),
    Scenario(_ENABLE, "fresh: Intel on 2019", _host(_PLAIN, release="2019"), _ID, changed=True),
    Scenario(
        _ENABLE,
        "fresh: host runs VBS",
        replace(_host(_PLAIN), vbs_running=True),
        _ID,
        changed=True,
        uncertain="Microsoft's pages contradict each other on VBS hosts of 2016 and 2019",
    ),
    Scenario(_ENABLE, "already done", _host(_READY), _ID, changed=False, warnings=0),
    Scenario(_ENABLE, "already done: running", a_world(vms=(a_node(),)), _ID, changed=False),
    Scenario(_ENABLE, "already done: saved", _host(replace(_READY, state="Saved")), _ID, changed=False),
    Scenario(_ENABLE, "half done: one adapter", _host(replace(_READY, adapters=_TWO)), _ID, changed=True),
    Scenario(
        _ENABLE, "half done: exposed, dynamic memory", _host(replace(_READY, dynamic_memory=True)), _ID, changed=True
    ),
    Scenario(
        _ENABLE,
        "fresh: two adapters of one name",
        _host(replace(_PLAIN, adapters=(Adapter(), Adapter()))),
        _ID,
        changed=True,
    ),
    Scenario(_ENABLE, "fresh: no adapters", _host(replace(_PLAIN, adapters=())), _ID, changed=True),
    Scenario(_ENABLE, "checkpoints warn", _host(replace(_PLAIN, checkpoints=2)), _ID, changed=True, warnings=1),
    Scenario(
        _ENABLE, "already done: checkpoints warn", _host(replace(_READY, checkpoints=1)), _ID, changed=False, warnings=1
    ),
    Scenario(_ENABLE, "what-if", _host(_PLAIN), {**_ID, "MemoryMib": 8192}, what_if=True, changed=False),
    Scenario(_ENABLE, "what-if: already done", _host(_READY), _ID, what_if=True, changed=False),
    Scenario(_ENABLE, "foreign VM", _host(replace(_PLAIN, owner="")), _ID, changed=True),
    _refused(_ENABLE, "absent", a_world(), "VmNotFound"),
    _refused(_ENABLE, "running", _host(replace(_PLAIN, state="Running")), "VmNotOff"),
    _refused(_ENABLE, "running, what-if", _host(replace(_PLAIN, state="Running")), "VmNotOff", WhatIf=Switched()),
    _refused(_ENABLE, "paused", _host(replace(_PLAIN, state="Paused")), "VmNotOff"),
    _refused(_ENABLE, "saved", _host(replace(_PLAIN, state="Saved")), "VmSaved"),
    _refused(_ENABLE, "little memory", _host(replace(_PLAIN, memory_mib=4095)), "MemoryTooSmall"),
    _refused(_ENABLE, "little memory asked for", _host(_PLAIN), "MemoryTooSmall", MemoryMib=2048),
    _refused(
        _ENABLE, "Intel, version too low", _host(replace(_PLAIN, version="5.0"), release="2019"), "VmVersionTooLow"
    ),
    _refused(_ENABLE, "AMD, version too low", _host(replace(_PLAIN, version="9.2"), vendor="amd"), "VmVersionTooLow"),
    _refused(_ENABLE, "AMD on 2019", _host(_PLAIN, vendor="amd", release="2019"), "HostCannotNest"),
    _refused(
        _ENABLE,
        "AMD on 2019, although already done",
        _host(_READY, vendor="amd", release="2019"),
        "HostCannotNest",
    ),
    _refused(
        _ENABLE, "the boot configuration forbids it", replace(_host(_PLAIN), nesting_offered=False), "HostCannotNest"
    ),
    replace(
        _refused(
            _ENABLE,
            "the setting falls back",
            replace(_host(_PLAIN), faults={"exposure_reverts": True}),
            "NotConverged",
        ),
        unchanged=False,
        uncertain="one report says that the setting falls back",
    ),
)

_BEFORE = [
    _row("DynamicMemoryEnabled", "True"),
    _row("MemoryStartupMib", "2048"),
    _row("ExposeVirtualizationExtensions", "False"),
    _row("AutomaticCheckpointsEnabled", "True"),
    _row("MacAddressSpoofing:Network Adapter", "Off"),
]

DISABLING = (
    Scenario(_DISABLE, "fresh", _host(_READY), _ID, changed=True),
    Scenario(_DISABLE, "fresh: to what was before", _host(_READY), {**_ID, "Settings": _BEFORE}, changed=True),
    Scenario(
        _DISABLE,
        "fresh: an adapter that is gone",
        _host(_READY),
        {
            **_ID,
            "Settings": [_row("MacAddressSpoofing:Second", "Off"), _row("ExposeVirtualizationExtensions", "False")],
        },
        changed=True,
    ),
    Scenario(
        _DISABLE,
        "after enabling",
        _host(_PLAIN),
        _ID,
        first=(Step(_ENABLE, _ID),),
        changed=True,
    ),
    Scenario(_DISABLE, "already done", _host(Vm(NODE, OWNER)), _ID, changed=False),
    Scenario(_DISABLE, "already done: running", _host(Vm(NODE, OWNER, "Running")), _ID, changed=False),
    Scenario(
        _DISABLE,
        "already done: what was before",
        _host(replace(_PLAIN, memory_mib=2048)),
        {**_ID, "Settings": _BEFORE},
        changed=False,
    ),
    Scenario(_DISABLE, "half done", _host(replace(_READY, exposed=False)), _ID, changed=True),
    Scenario(_DISABLE, "what-if", _host(_READY), _ID, what_if=True, changed=False),
    _refused(_DISABLE, "absent", a_world(), "VmNotFound"),
    _refused(_DISABLE, "running", a_world(vms=(a_node(),)), "VmNotOff"),
    _refused(_DISABLE, "saved", _host(replace(_READY, state="Saved")), "VmNotOff"),
)

POWERLESS = tuple(
    Scenario(function, "refused: no rights", powerless(), _ID, expect=f"Unspecified,{GET}", unchanged=True)
    for function in (_ENABLE, _DISABLE)
)

SCENARIOS: tuple[Scenario, ...] = (*ENABLING, *DISABLING, *POWERLESS)
