"""Calls into a guest: over PowerShell Direct or WinRM, with the guest's own journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.contract.scenario import Login, Scenario, Step, VmId
from tests.contract.world import HYPERV, OWNER, JournaledCall, Vm, World, a_node, a_world

CALL = "job_1.prepare-nest-1.0#1"
_RESULT = '{"Changed":true}'
_DONE = JournaledCall(CALL, "Install-NestedRole", "completed", 7, 0.5, {"ResultJson": _RESULT})
_OLD = JournaledCall("job_0.make#1", "New-NestedVM", "completed", 3, 40.0, {"ResultJson": _RESULT})
_NODE = a_node(calls=(_DONE,))
_OUTSIDE = "Microsoft.PowerShell.Commands.InvokeCommandCommand"
_BY_ID = {"VMId": VmId("nest-1"), "Credential": Login()}
_BY_NAME = {"ComputerName": "NEST-1", "Credential": Login()}
_READ = {"Name": "Get-NestedCall", "Parameters": {"CallId": CALL}}
_CLEAR = {"Name": "Clear-NestedCallJournal", "CallId": CALL.replace("#1", "#2"), "Fence": 7}
_WRONG = {"Credential": Login("Administrator", "not the password")}


def _with(*vms: Vm, **host: Any) -> World:
    return a_world(vms=vms, **host)


def _call(name: str, world: World, *arguments: Mapping[str, Any], **more: Any) -> Scenario:
    merged = {key: value for part in arguments for key, value in part.items()}
    return Scenario("Invoke-NestedGuestCall", name, world, merged, **more)


def _refused(name: str, world: World, word: str, *arguments: Mapping[str, Any], **more: Any) -> Scenario:
    return _call(f"refused: {name}", world, *arguments, expect=word, unchanged=True, **more)


def _ours(word: str) -> str:
    return f"Matryoshka.{word},Invoke-NestedGuestCall"


_CALLS = (
    _call("read", _with(_NODE), _BY_ID, _READ, unchanged=True, answers={"Status": "completed", "Replayed": False}),
    _call("fresh", _with(a_node(calls=(_OLD,))), _BY_ID, _CLEAR, answers={"Status": "completed", "Replayed": False}),
    _call("fresh, over WinRM", _with(_NODE), _BY_NAME, _CLEAR, answers={"Replayed": False}),
    _call(
        "already done: the recorded result",
        _with(_NODE),
        _BY_ID,
        {"Name": "Install-NestedRole", "CallId": CALL, "Fence": 7},
        unchanged=True,
        answers={"Status": "completed", "Replayed": True, "ResultJson": _RESULT},
    ),
    _call(
        "already done: twice the same call",
        _with(_NODE),
        _BY_ID,
        _CLEAR,
        first=(Step("Invoke-NestedGuestCall", {**_BY_ID, **_CLEAR}),),
        unchanged=True,
        answers={"Replayed": True},
    ),
    _call(
        "an error is data",
        _with(_NODE),
        _BY_ID,
        {"Name": "Remove-NestedNat", "Parameters": {"Name": "theirs"}, "CallId": CALL.replace("#1", "#2"), "Fence": 7},
        answers={"Status": "failed", "ErrorId": "Matryoshka.NotOwned,Remove-NestedNat"},
    ),
    _call(
        "from a node into its own guest",
        _with(a_node(features=HYPERV, vms=(a_node("inner", calls=(_DONE,)),))),
        {"VMId": VmId("inner", "nest-1"), "Credential": Login()},
        _READ,
        machine="nest-1",
        unchanged=True,
        answers={"Status": "completed"},
    ),
)

_REFUSALS = (
    _refused("the password is wrong", _with(_NODE), _ours("GuestCredentialRejected"), _BY_ID, _READ, _WRONG),
    _refused("an account that it has not", _with(_NODE), _ours("GuestCredentialRejected"), _BY_ID, _READ,
             {"Credential": Login("nobody")}),
    _refused("the password is wrong, over WinRM", _with(_NODE), _ours("GuestCredentialRejected"), _BY_NAME, _READ,
             _WRONG),
    _refused("it boots", _with(a_node(up=False)), _ours("GuestNotReady"), _BY_ID, _READ),
    _refused("it boots, over WinRM", _with(a_node(up=False)), _ours("GuestNotReady"), _BY_NAME, _READ),
    _refused("nothing of that name answers", _with(), _ours("GuestNotReady"), _BY_NAME, _READ),
    _refused("nothing is in it", _with(Vm("nest-1", OWNER, "Running")), _ours("GuestNotReady"), _BY_ID, _READ),
    _refused("it is off", _with(a_node(vm={"state": "Off"})), f"InvalidVMState,{_OUTSIDE}", _BY_ID, _READ),
    _refused("there is no such VM", _with(), f"InvalidVMIdNotSingle,{_OUTSIDE}", _BY_ID, _READ),
    _refused(
        "the guest does not take the module",
        replace(_with(_NODE), faults={"module_refused": True}),
        _ours("GuestModuleRefused"),
        _BY_ID,
        _READ,
    ),
    _refused(
        "an older fence than the guest knows",
        _with(_NODE),
        "Matryoshka.FenceTooOld,Invoke-NestedCall",
        _BY_ID,
        {**_CLEAR, "Fence": 6},
    ),
    _refused(
        "no function of the module",
        _with(_NODE),
        "Matryoshka.FunctionNotAllowed,Invoke-NestedCall",
        _BY_ID,
        {"Name": "Remove-Item", "CallId": CALL},
    ),
    _refused(
        "a change without a call id",
        _with(_NODE),
        "Matryoshka.FunctionNotAllowed,Invoke-NestedCall",
        _BY_ID,
        {"Name": "Clear-NestedCallJournal"},
    ),
)  # fmt: skip

SCENARIOS = (*_CALLS, *_REFUSALS)
