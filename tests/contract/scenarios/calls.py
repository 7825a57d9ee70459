"""The journal and what calls through it: the same answer however often a call is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contract.scenario import Scenario, Step, VmId
from tests.contract.scenarios import guest_calls
from tests.contract.world import JournaledCall, Vm, World, a_node, a_world

CALL = "job_1.start-nest-1.0#1"
_RESULT = '{"Changed":true,"State":"Running"}'
_ERROR = {
    "ErrorId": "Matryoshka.VmNotFound,Start-NestedNode",
    "ErrorCategory": "ObjectNotFound",
    "ErrorMessage": "There is no VM.",
    "ErrorHResult": -2146233079,
    "ErrorType": "System.InvalidOperationException",
    "ErrorTarget": "nest-1",
}
_DONE = JournaledCall(CALL, "Start-NestedNode", "completed", 7, 0.5, {"ResultJson": _RESULT})
_FAILED = JournaledCall(CALL, "Start-NestedNode", "failed", 7, 0.5, _ERROR)
_STOPPED = JournaledCall(CALL, "Clear-NestedCallJournal", "stopped", 7, 0.5)
_ABANDONED = JournaledCall(CALL, "Clear-NestedCallJournal", "running", 7, 0.5)
_HELD = JournaledCall(CALL, "Clear-NestedCallJournal", "running", 7, 0.5, held=True)
_OLD = JournaledCall("job_0.make#1", "New-NestedDisk", "completed", 3, 40.0, {"ResultJson": _RESULT})
_OLD_FAILED = JournaledCall("job_0.make#2", "New-NestedDisk", "failed", 3, 40.0, _ERROR)
_OLD_ABANDONED = JournaledCall("job_9.make#1", "New-NestedDisk", "running", 3, 40.0)
_OLD_HELD = JournaledCall("job_8.make#1", "New-NestedDisk", "running", 3, 40.0, held=True)
_OLD_SCOPE_NEW_CALL = JournaledCall("job_0.make#3", "New-NestedDisk", "completed", 3, 1.0, {"ResultJson": _RESULT})

# A change that needs nothing of Windows: what the journal does with it is the journal's own.
_CLEAR = {"Name": "Clear-NestedCallJournal", "CallId": CALL, "Fence": 7}
_REFUSED = {"Name": "Remove-NestedNat", "Parameters": {"Name": "theirs"}, "CallId": CALL, "Fence": 7}
_READ = {"Name": "Get-NestedCall", "Parameters": {"CallId": CALL}}


def _journal(*calls: JournaledCall) -> World:
    return a_world(calls=calls)


def _invoke(name: str, world: World, arguments: Mapping[str, Any], **more: Any) -> Scenario:
    return Scenario("Invoke-NestedCall", name, world, arguments, **more)


_GETS = (
    Scenario("Get-NestedCall", "read", arguments={"CallId": CALL}, answers={"Status": "absent", "Name": ""}),
    Scenario(
        "Get-NestedCall",
        "completed, in a node",
        a_world(vms=(a_node(calls=(_DONE,)),)),
        {"CallId": CALL},
        "nest-1",
        answers={"Status": "completed", "Fence": 7, "Name": "Start-NestedNode"},
    ),
    Scenario("Get-NestedCall", "failed", _journal(_FAILED), {"CallId": CALL}, answers={"Status": "failed"}),
    Scenario("Get-NestedCall", "stopped", _journal(_STOPPED), {"CallId": CALL}, answers={"Status": "stopped"}),
    Scenario("Get-NestedCall", "abandoned", _journal(_ABANDONED), {"CallId": CALL}, answers={"Status": "abandoned"}),
    Scenario("Get-NestedCall", "running", _journal(_HELD), {"CallId": CALL}, answers={"Status": "running"}),
    Scenario(
        "Get-NestedCall",
        "refused: not a call id",
        arguments={"CallId": "job_1.start"},
        expect="ParameterArgumentValidationError,Get-NestedCall",
    ),
)

_CLEARS = (
    Scenario(
        "Clear-NestedCallJournal",
        "fresh",
        _journal(_OLD, _OLD_FAILED, _DONE),
        changed=True,
        answers={"Removed": 2, "Kept": 1},
    ),
    Scenario("Clear-NestedCallJournal", "already done", _journal(_DONE), changed=False, answers={"Kept": 1}),
    Scenario(
        "Clear-NestedCallJournal",
        "no journal yet",
        changed=False,
        answers={"Removed": 0, "Kept": 0},
        not_on_hosts="a host may have a journal",
    ),
    Scenario(
        "Clear-NestedCallJournal",
        "half done: an abandoned call goes, a running one stays",
        _journal(_OLD_ABANDONED, _OLD_HELD),
        changed=True,
        answers={"Removed": 1, "Kept": 1},
    ),
    Scenario(
        "Clear-NestedCallJournal",
        "a fence stays as long as its scope has a call",
        _journal(_OLD, _OLD_SCOPE_NEW_CALL),
        changed=True,
        answers={"Removed": 1, "Kept": 1},
    ),
    Scenario(
        "Clear-NestedCallJournal",
        "everything, in a node",
        a_world(vms=(a_node(calls=(_OLD, _DONE)),)),
        {"OlderThanDays": 0},
        "nest-1",
        changed=True,
        answers={"Removed": 2, "Kept": 0},
    ),
    Scenario(
        "Clear-NestedCallJournal",
        "what-if",
        _journal(_OLD, _DONE),
        what_if=True,
        changed=False,
        answers={"Removed": 0, "Kept": 2},
    ),
)

_INVOKES = (
    _invoke("read", _journal(_DONE), _READ, unchanged=True, answers={"Status": "completed", "CallId": ""}),
    _invoke(
        "fresh",
        _journal(_OLD),
        _CLEAR,
        answers={"Status": "completed", "Replayed": False, "ErrorId": None, "Name": "Clear-NestedCallJournal"},
    ),
    _invoke("fresh, in a node", a_world(vms=(a_node(),)), _CLEAR, machine="nest-1", answers={"Replayed": False}),
    _invoke(
        "already done: the recorded result",
        _journal(_DONE),
        {"Name": "Start-NestedNode", "CallId": CALL, "Fence": 8},
        answers={"Status": "completed", "Replayed": True, "ResultJson": _RESULT},
    ),
    _invoke(
        "already done: the recorded error",
        _journal(_FAILED),
        {"Name": "Start-NestedNode", "CallId": CALL, "Fence": 7},
        unchanged=True,
        answers={"Status": "failed", "Replayed": True, "ResultJson": "", **_ERROR},
    ),
    _invoke(
        "already done: twice the same call",
        _journal(_OLD),
        _CLEAR,
        first=(Step("Invoke-NestedCall", _CLEAR),),
        unchanged=True,
        answers={"Status": "completed", "Replayed": True},
    ),
    _invoke("half done: abandoned, so it runs", _journal(_ABANDONED), _CLEAR, answers={"Replayed": False}),
    _invoke("half done: stopped, so it runs", _journal(_STOPPED), _CLEAR, answers={"Replayed": False}),
    _invoke(
        "an error is data",
        a_world(),
        _REFUSED,
        answers={"Status": "failed", "ErrorId": "Matryoshka.NotOwned,Remove-NestedNat", "ResultJson": ""},
    ),
    _invoke(
        "an error without a journal is data",
        a_world(),
        {"Name": "Get-NestedCall", "Parameters": {"CallId": "none"}},
        unchanged=True,
        answers={"Status": "failed", "ErrorId": "ParameterArgumentValidationError,Get-NestedCall"},
    ),
    _invoke(
        "a number that stands in Hyper-V's text only",
        a_world(vms=(Vm("nest-1", "lab_1", memory_mib=512 * 1024),)),
        {"Name": "Start-NestedNode", "Parameters": {"VMId": VmId("nest-1")}, "CallId": CALL, "Fence": 7},
        answers={
            "Status": "failed",
            "ErrorId": "OutOfMemory,Microsoft.HyperV.PowerShell.Commands.StartVM",
            "ErrorHResult": -2147024882,
        },
    ),
    _invoke(
        "replayed: asked as another function",
        _journal(_DONE),
        {**_CLEAR, "Fence": 8},
        answers={"Status": "completed", "Replayed": True, "Name": "Start-NestedNode", "ResultJson": _RESULT},
    ),
    _invoke(
        "a mandatory parameter is missing",
        a_world(),
        {"Name": "Get-NestedCall"},
        unchanged=True,
        answers={"Status": "failed"},
    ),
    _invoke(
        "a parameter that it has not",
        a_world(),
        {"Name": "Get-NestedCall", "Parameters": {"CallId": CALL, "Nmae": "x"}},
        unchanged=True,
        answers={"Status": "failed", "ErrorId": "NamedParameterNotFound,Get-NestedCall"},
    ),
    _invoke(
        "what-if of the function",
        _journal(_OLD),
        {**_CLEAR, "Parameters": {"WhatIf": True}},
        answers={"Status": "completed", "Replayed": False},
    ),
    _invoke("the name in small letters", a_world(), {**_CLEAR, "Name": "clear-nestedcalljournal"}),
    _invoke(
        "the same scope with a higher fence",
        _journal(_DONE),
        {**_CLEAR, "CallId": CALL.replace("#1", "#2"), "Fence": 9},
        answers={"Status": "completed", "Replayed": False},
    ),
)

_REFUSALS = (
    _invoke(
        "refused: an older fence",
        _journal(_DONE),
        {**_CLEAR, "CallId": CALL.replace("#1", "#2"), "Fence": 6},
        expect="Matryoshka.FenceTooOld,Invoke-NestedCall",
        unchanged=True,
    ),
    _invoke(
        "refused: an older fence asks for what is done",
        _journal(_DONE),
        {"Name": "Start-NestedNode", "CallId": CALL, "Fence": 6},
        expect="Matryoshka.FenceTooOld,Invoke-NestedCall",
        unchanged=True,
    ),
    _invoke(
        "refused: no function of the module",
        a_world(),
        {"Name": "Remove-Item", "CallId": CALL},
        expect="Matryoshka.FunctionNotAllowed,Invoke-NestedCall",
        unchanged=True,
    ),
    _invoke(
        "refused: it calls itself",
        a_world(),
        {"Name": "Invoke-NestedCall", "CallId": CALL},
        expect="Matryoshka.FunctionNotAllowed,Invoke-NestedCall",
        unchanged=True,
    ),
    _invoke(
        "refused: a change without a call id",
        _journal(_OLD),
        {"Name": "Clear-NestedCallJournal"},
        expect="Matryoshka.FunctionNotAllowed,Invoke-NestedCall",
        unchanged=True,
    ),
    _invoke(
        "refused: it still runs",
        _journal(_HELD),
        {**_CLEAR, "WaitSeconds": 0},
        expect="Matryoshka.CallStillRunning,Invoke-NestedCall",
        unchanged=True,
    ),
    _invoke(
        "refused: the journal cannot be used",
        a_world(is_admin=False),
        _CLEAR,
        expect="Matryoshka.JournalUnavailable,Invoke-NestedCall",
        unchanged=True,
    ),
    _invoke(
        "refused: not a call id",
        a_world(),
        {**_CLEAR, "CallId": "../job#1"},
        expect="ParameterArgumentValidationError,Invoke-NestedCall",
        unchanged=True,
    ),
)

_INFO = (
    Scenario("Get-NestedModuleInfo", "read", answers={"Preinstalled": False}),
    Scenario("Get-NestedModuleInfo", "in a node", a_world(vms=(a_node(),)), machine="nest-1"),
)

SCENARIOS = (*_GETS, *_CLEARS, *_INVOKES, *_REFUSALS, *_INFO, *guest_calls.SCENARIOS)
