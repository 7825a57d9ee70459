"""The journal of a host: Invoke-NestedCall and Get-NestedCall."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.machine import Command, MachineLost, PipelineStopped, PsError
from sandbox.machine.catalogue import MODULE_FUNCTIONS
from sandbox.machine.names import CHANGING, READING
from tests.unit.sandbox.machine.lab import Lab, Recorder

NAT = {"Name": "mk-x", "Prefix": "10.9.0.0/24"}


def call(lab: Lab, call_id: str = "job.step.0#1", fence: int = 1, **more: Any) -> dict[str, Any]:
    """A journaled call that makes a NAT, unless told otherwise."""
    values = {"Name": "New-NestedNat", "Parameters": NAT, "CallId": call_id, "Fence": fence, **more}
    return lab.run("Invoke-NestedCall", **values)


def status(lab: Lab, call_id: str = "job.step.0#1") -> str:
    """What the host's journal says."""
    return str(lab.run("Get-NestedCall", CallId=call_id)["Status"])


def interrupted(lab: Lab, seconds: float, action: Any) -> BaseException:
    """Start a call and do something to it after a while; gives what it ended with."""
    streams = Recorder()
    lab.after(seconds, lambda: action(streams))
    parameters = {"Name": "New-NestedNat", "Parameters": NAT, "CallId": "job.step.0#1", "Fence": 1}
    runspace = lab.host.runspace("Administrator", True)
    with pytest.raises((MachineLost, PipelineStopped)) as caught:
        runspace.invoke(Command("Invoke-NestedCall", parameters=parameters), streams)
    return caught.value


def test_a_result_is_recorded_and_replayed() -> None:
    """A finished call answers its recorded result and applies nothing a second time."""
    lab = Lab()
    first = call(lab)
    second = call(lab)

    assert first["Status"] == "completed"
    assert (first["Replayed"], second["Replayed"]) == (False, True)
    assert json.loads(second["ResultJson"])["Changed"] is True
    assert lab.count("nat_created") == 1


def test_an_error_is_data_and_is_replayed_too() -> None:
    """A failed call is answered as a record, also the second time."""
    lab = Lab()
    parameters = {"Name": "x", "Prefix": "10.9.0.0/24"}
    record = call(lab, Name="Remove-NestedNat", Parameters={"Name": "foreign"})
    again = call(lab, Name="Remove-NestedNat", Parameters=parameters)

    assert (record["Status"], record["ErrorId"]) == ("failed", "Matryoshka.NotOwned,Remove-NestedNat")
    assert record["ErrorCategory"] == "PermissionDenied"
    assert record["ResultJson"] == ""
    assert again["Replayed"] is True


def test_an_older_fence_is_refused() -> None:
    """Once a newer worker has come, the older one may not even replay."""
    lab = Lab()
    call(lab, fence=5)

    with pytest.raises(PsError) as caught:
        call(lab, fence=4)
    assert (caught.value.fqid, caught.value.category) == (
        "Matryoshka.FenceTooOld,Invoke-NestedCall",
        "InvalidOperation",
    )


def test_fences_of_other_scopes_do_not_matter() -> None:
    """A fence belongs to what stands before the '#'."""
    lab = Lab()
    call(lab, "a.b.0#1", fence=9)

    assert call(lab, "a.c.0#1", fence=1)["Status"] == "completed"
    with pytest.raises(PsError):
        call(lab, "a.b.0#2", fence=8)


@pytest.mark.parametrize("name", ["Get-VM", "Invoke-NestedCall", "Nothing"])
def test_only_functions_of_the_module_may_be_called(name: str) -> None:
    """Cmdlets, the wrapper itself and unknown names are not allowed."""
    with pytest.raises(PsError) as caught:
        call(Lab(), Name=name, Parameters={})
    assert caught.value.fqid == "Matryoshka.FunctionNotAllowed,Invoke-NestedCall"


def test_a_change_needs_a_call_id() -> None:
    """Without a CallId only functions that read may be called."""
    lab = Lab()

    assert call(lab, "", Name="Get-NestedNat", Parameters={"Name": "x"})["Status"] == "completed"
    with pytest.raises(PsError, match="CallId"):
        call(lab, "")


def test_a_call_id_has_a_form() -> None:
    """A CallId that is not <scope>#<n> does not bind."""
    with pytest.raises(PsError) as caught:
        call(Lab(), "no number")
    assert caught.value.fqid == "ParameterArgumentValidationError,Invoke-NestedCall"


def test_the_journal_is_for_administrators() -> None:
    """A filtered token cannot write the journal."""
    with pytest.raises(PsError) as caught:
        call(Lab(admin=False))
    assert caught.value.fqid == "Matryoshka.JournalUnavailable,Invoke-NestedCall"


def test_a_stopped_call_is_recorded_and_may_run_again() -> None:
    """Stopping the pipeline records `stopped`; asked again, the call runs."""
    lab = Lab()
    error = interrupted(lab, 0.5, lambda streams: setattr(streams, "stop", True))

    assert isinstance(error, PipelineStopped)
    assert (error.fqid, error.category) == ("PipelineStopped", "OperationStopped")
    assert status(lab) == "stopped"
    assert lab.count("nat_created") == 0
    assert call(lab)["Status"] == "completed"
    assert lab.count("nat_created") == 1


def test_a_call_that_was_cut_after_its_effect_finds_it_done() -> None:
    """A stop in the last moments leaves the effect; the repetition sees it and changes nothing."""
    lab = Lab()
    interrupted(lab, 1.8, lambda streams: setattr(streams, "stop", True))

    assert lab.count("nat_created") == 1
    assert json.loads(call(lab)["ResultJson"])["Changed"] is False
    assert lab.count("nat_created") == 1


def test_a_reboot_of_the_host_abandons_the_call() -> None:
    """A reboot breaks the pipeline, and the journal calls the call abandoned until it runs again."""
    lab = Lab()
    error = interrupted(lab, 0.5, lambda _: lab.host.reboot())

    assert isinstance(error, MachineLost)
    assert not lab.host.is_up
    lab.pass_time(90)
    assert lab.host.is_up
    assert status(lab) == "abandoned"
    assert call(lab)["Status"] == "completed"


def test_a_running_call_is_waited_for() -> None:
    """A second worker that asks for a running call waits and gets its result."""
    lab = Lab()
    answers: list[dict[str, Any]] = []
    lab.after(0.5, lambda: answers.append(call(lab, WaitSeconds=0) if status(lab) != "running" else {}))
    call(lab)

    assert answers == [{}]
    entry = lab.machine.journal["job.step.0#1"]
    entry.status = "running"
    lab.world.realm.living.add(entry.token)
    lab.after(5, lambda: setattr(entry, "status", "completed"))
    assert call(lab)["Replayed"] is True


def test_waiting_for_a_running_call_has_an_end() -> None:
    """After WaitSeconds the answer is CallStillRunning."""
    lab = Lab()
    call(lab)
    entry = lab.machine.journal["job.step.0#1"]
    entry.status = "running"
    lab.world.realm.living.add(entry.token)

    with pytest.raises(PsError) as caught:
        call(lab, WaitSeconds=10)
    assert (caught.value.fqid, caught.value.category) == (
        "Matryoshka.CallStillRunning,Invoke-NestedCall",
        "OperationTimeout",
    )


def test_an_unknown_call_is_absent() -> None:
    """The journal says of a call that it never saw: absent."""
    record = Lab().run("Get-NestedCall", CallId="a#1")

    assert (record["Status"], record["Name"], record["StartedAt"]) == ("absent", "", None)


def test_old_calls_are_cleared() -> None:
    """Clear-NestedCallJournal forgets what ended long ago and says how many."""
    lab = Lab()
    call(lab)
    lab.pass_time(40 * 86400)
    call(lab, "job.other.0#1")

    assert lab.run("Clear-NestedCallJournal", WhatIf=True)["Changed"] is False
    assert lab.run("Clear-NestedCallJournal") == {"Changed": True, "Removed": 1, "Kept": 1}
    assert status(lab) == "absent"


def test_every_function_is_read_or_change() -> None:
    """The two lists of Invoke-NestedCall are the functions themselves, by their support of -WhatIf."""
    own = {item.name.lower(): item for item in MODULE_FUNCTIONS if not item.name.startswith("Invoke-")}

    assert {name for name, item in own.items() if item.changes} == set(CHANGING)
    assert {name for name, item in own.items() if not item.changes} == set(READING)
