"""Invoke-NestedCall on the real engine: a call id runs once, whatever happens to processes, files and answers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.powershell_kit import FAKES, Engine
from tests.integration.powershell_stage import Stage

_THINGS = FAKES / "Things.ps1"
_CALL = "$answer = Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_1.step.0#1' -Fence 5 {}\n"
_SHOW = "ConvertTo-Json -InputObject $answer -Compress"
_ERROR = """
try {{
    $answer = {}
}}
catch {{
    $answer = @{{ id = $_.FullyQualifiedErrorId; category = $_.CategoryInfo.Category.ToString() }}
}}
""".lstrip()


@pytest.fixture
def engine(stage: Stage, tmp_path: Path) -> Engine:
    """An engine with a journal of its own."""
    return Engine(stage.pwsh, tmp_path, stage)


def _another(engine: Engine) -> Engine:
    """The same journal, for a process that ends with what it is given."""
    return replace(engine, stage=None)


def _call(engine: Engine, arguments: str = "") -> dict[str, Any]:
    found: dict[str, Any] = engine.run(_CALL.format(arguments) + _SHOW, _THINGS)
    return found


def _error(engine: Engine, call: str) -> dict[str, Any]:
    found: dict[str, Any] = engine.run(_ERROR.format(call) + _SHOW, _THINGS)
    return found


def _runs(engine: Engine) -> int:
    mark = engine.folder / "mark"
    return len(mark.read_text().splitlines()) if mark.exists() else 0


def test_fresh_call_runs_and_is_recorded(engine: Engine) -> None:
    """A call that is not known runs; a second session sees it as completed, with its fence and times."""
    record = _call(engine, "-Parameters @{ Mode = 'fresh' }")
    assert (record["Status"], record["Replayed"], record["Name"]) == ("completed", False, "Set-NestedThing")
    assert record["ResultJson"] == '{"Mode":"fresh","Text":"x"}'
    assert {record[field] for field in record if field.startswith("Error")} == {None}
    seen = engine.run("$answer = Get-NestedCall -CallId 'job_1.step.0#1'\n" + _SHOW, _THINGS)
    assert (seen["Status"], seen["Fence"], seen["Name"]) == ("completed", 5, "Set-NestedThing")
    assert seen["StartedAt"].endswith("Z")
    assert seen["EndedAt"] >= seen["StartedAt"]


def test_finished_call_is_replayed(engine: Engine) -> None:
    """A finished call answers its recorded result to another process and does not run again."""
    first = _call(_another(engine), "-Parameters @{ Mode = 'once' }")
    second = _call(engine, "-Parameters @{ Mode = 'twice' }")
    assert second == {**first, "Replayed": True}
    assert _runs(engine) == 1


@pytest.mark.parametrize(
    ("mode", "error_id", "category", "type_name"),
    [
        ("own", "Matryoshka.VmNotOff,Set-NestedThing", "InvalidOperation", "System.InvalidOperationException"),
        (
            "theirs",
            "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand",
            "ObjectNotFound",
            "System.Management.Automation.ItemNotFoundException",
        ),
    ],
)
def test_failed_call_is_data_and_replayed(
    engine: Engine, mode: str, error_id: str, category: str, type_name: str
) -> None:
    """An error of the function, ours or Windows', is data in the record, and the record survives the process."""
    arguments = f"-Parameters @{{ Mode = '{mode}'; Secret = (ConvertTo-SecureString 'pa55word' -AsPlainText -Force) }}"
    first = _call(_another(engine), arguments)
    assert (first["Status"], first["ResultJson"], first["ErrorId"]) == ("failed", "", error_id)
    assert (first["ErrorCategory"], first["ErrorType"]) == (category, type_name)
    assert isinstance(first["ErrorHResult"], int)
    assert _call(engine, arguments) == {**first, "Replayed": True}
    assert _runs(engine) == 1


def test_older_fence_is_refused(engine: Engine) -> None:
    """A fence below the highest one of the scope is refused, for every call of the scope and even for a replay."""
    _call(engine)
    for number in (1, 2):
        answer = _error(engine, f"Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_1.step.0#{number}' -Fence 4")
        assert answer == {"id": "Matryoshka.FenceTooOld,Invoke-NestedCall", "category": "InvalidOperation"}
    other = engine.run(
        "$answer = Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_2.step.0#1' -Fence 1\n" + _SHOW, _THINGS
    )
    assert other["Status"] == "completed"


def test_two_processes_run_a_call_once(engine: Engine) -> None:
    """A call that a living process runs is waited for, and both get the one result."""
    first = _CALL.format("-Parameters @{ Mode = 'wait' }") + _SHOW
    ready = engine.folder / "ready"
    second = f"[System.IO.File]::WriteAllText('{ready}', '')\n" + _CALL.format("-Parameters @{ Mode = 'no' }") + _SHOW
    with engine.running(first, _THINGS, until=engine.folder / "mark") as one:
        seen = engine.run("$answer = Get-NestedCall -CallId 'job_1.step.0#1'\n" + _SHOW, _THINGS)
        with engine.running(second, _THINGS, until=ready) as two:
            (engine.folder / "mark.go").touch()
            answers = [json.loads(process.communicate(timeout=60)[0].splitlines()[-1]) for process in (one, two)]
    assert seen["Status"] == "running"
    assert answers == [{**answers[0], "Replayed": False}, {**answers[0], "Replayed": True}]
    assert answers[0]["ResultJson"] == '{"Mode":"wait","Text":"x"}'
    assert _runs(engine) == 1


def test_waiting_ends_with_an_error(engine: Engine) -> None:
    """A caller that does not want to wait any longer is told that the call still runs."""
    slow = _CALL.format("-Parameters @{ Seconds = 60 }")
    with engine.running(slow, _THINGS, until=engine.folder / "mark"):
        answer = _error(
            engine, "Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_1.step.0#1' -Fence 5 -WaitSeconds 0"
        )
    assert answer == {"id": "Matryoshka.CallStillRunning,Invoke-NestedCall", "category": "OperationTimeout"}


def test_call_of_a_killed_process_runs_again_once(engine: Engine) -> None:
    """A call whose process was killed is abandoned, and runs once more for whoever asks."""
    slow = _CALL.format("-Parameters @{ Mode = 'killed'; Seconds = 60 }")
    with engine.running(slow, _THINGS, until=engine.folder / "mark") as process:
        process.kill()
        process.wait(timeout=60)
    seen = engine.run("$answer = Get-NestedCall -CallId 'job_1.step.0#1'\n" + _SHOW, _THINGS)
    assert seen["Status"] == "abandoned"
    again = _call(engine, "-Parameters @{ Mode = 'again' }")
    assert (again["Replayed"], again["ResultJson"]) == (False, '{"Mode":"again","Text":"x"}')
    assert _call(engine)["Replayed"] is True
    assert _runs(engine) == 2


_AGAIN = """
while ([System.IO.File]::ReadAllLines($env:MK_MARK).Length -lt 2) { Start-Sleep -Milliseconds 50 }
$answer = Get-NestedCall -CallId 'job_1.step.0#1'
"""


def test_one_of_many_takes_over_from_a_killed_process(engine: Engine) -> None:
    """Of processes that wait for a call whose process is killed, one runs it, and the others answer its result."""
    slow = _CALL.format("-Parameters @{ Mode = 'killed'; Seconds = 60 }")
    ready = [engine.folder / f"ready{number}" for number in range(2)]
    call = _CALL.format("-Parameters @{ Mode = 'wait' }") + _SHOW
    waiting = [f"[System.IO.File]::WriteAllText('{path}', '')\n" + call for path in ready]
    with (
        engine.running(slow, _THINGS, until=engine.folder / "mark") as process,
        engine.running(waiting[0], _THINGS, until=ready[0]) as one,
        engine.running(waiting[1], _THINGS, until=ready[1]) as two,
    ):
        process.kill()
        # Begun by whoever took over, and held there: whoever else thinks that it may run has the time to do so.
        seen = engine.run(_AGAIN + _SHOW, _THINGS)
        (engine.folder / "mark.go").touch()
        answers = [json.loads(other.communicate(timeout=60)[0].splitlines()[-1]) for other in (one, two)]
    assert sorted(answer["Replayed"] for answer in answers) == [False, True]
    assert {answer["ResultJson"] for answer in answers} == {'{"Mode":"wait","Text":"x"}'}
    assert (seen["Status"], _runs(engine)) == ("running", 2)


_STOP = """
$ps = [powershell]::Create()
$text = [System.IO.File]::ReadAllText('{bootstrap}')
$null = $ps.AddScript($text).AddParameter('Source', $source).AddParameter('Sha256', (Get-NestedModuleInfo).Sha256)
$null = $ps.Invoke()
$ps.Commands.Clear()
$null = $ps.AddCommand('Invoke-NestedCall').AddParameter('Name', 'Set-NestedThing').AddParameter('Fence', 5)
$null = $ps.AddParameter('CallId', 'job_1.step.0#1').AddParameter('Parameters', @{{ Seconds = 60 }})
$null = $ps.BeginInvoke()
while (-not (Test-Path -LiteralPath $env:MK_MARK)) {{ Start-Sleep -Milliseconds 50 }}
$ps.Stop()
$answer = Get-NestedCall -CallId 'job_1.step.0#1'
"""


def test_stopped_pipeline_is_recorded(engine: Engine) -> None:
    """A cancelled call says 'stopped' in the journal, and may run again."""
    body = _STOP.format(bootstrap=FAKES.parent.parent.parent / "workers/powershell/bootstrap.ps1")
    assert engine.run(body + _SHOW, _THINGS)["Status"] == "stopped"
    assert _call(engine)["Replayed"] is False
    assert _runs(engine) == 2


def test_result_of_a_mebibyte_survives(engine: Engine) -> None:
    """A result of one MiB comes back whole, fresh and replayed."""
    sizes = [
        len(_call(_another(engine), "-Parameters @{ Size = 1048576 }")["ResultJson"]),
        len(_call(engine)["ResultJson"]),
    ]
    assert sizes == [len('{"Mode":"ok","Text":""}') + 1048576] * 2


_REFUSED = """
$calls = @(
    { Invoke-NestedCall -Name 'Set-NestedThing' }
    { Invoke-NestedCall -Name 'Remove-Item' -CallId 'a.b#1' }
    { Invoke-NestedCall -Name 'Get-MkVersion' }
    { Invoke-NestedCall -Name 'Invoke-NestedCall' -CallId 'a.b#1' }
    { Invoke-NestedCall -Name 'Get-NestedNothing' }
    { Invoke-NestedCall -Name 'Get-Nested*' }
    { function global:Get-NestedForeign { 1 }; Invoke-NestedCall -Name 'Get-NestedForeign' }
)
$answer = @(foreach ($call in $calls) {
        try {
            & $call
        }
        catch {
            '{0} {1}' -f $_.FullyQualifiedErrorId, $_.CategoryInfo.Category
        }
    })
"""


def test_function_is_not_allowed(engine: Engine) -> None:
    """Only functions of the module may be called, and without a call id only those that change nothing."""
    answers = engine.run(_REFUSED + _SHOW, _THINGS)
    assert answers == ["Matryoshka.FunctionNotAllowed,Invoke-NestedCall InvalidArgument"] * 7
    assert _runs(engine) == 0


def test_missing_parameter_is_an_answer_and_no_question(engine: Engine) -> None:
    """A call that lacks a mandatory parameter fails as data; nobody is asked for it."""
    answer = _another(engine).run("$answer = Invoke-NestedCall -Name 'Get-NestedCall'\n" + _SHOW)
    assert (answer["Status"], answer["ErrorId"]) == ("failed", "MissingMandatoryParameter,Get-NestedCall")


def test_unusable_journal_is_said_so(engine: Engine) -> None:
    """Where no journal can be kept nothing is run."""
    engine.journal.write_text("a file in the way")
    answer = _error(engine, "Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'a.b#1'")
    assert answer == {"id": "Matryoshka.JournalUnavailable,Invoke-NestedCall", "category": "WriteError"}
    assert _runs(engine) == 0


def test_running_call_is_not_pruned(engine: Engine) -> None:
    """A call that a living process runs stays, whatever its age."""
    slow = _CALL.format("-Parameters @{ Seconds = 60 }")
    with engine.running(slow, _THINGS, until=engine.folder / "mark"):
        answer = engine.run("$answer = Clear-NestedCallJournal -OlderThanDays 0\n" + _SHOW)
    assert answer == {"Changed": False, "Removed": 0, "Kept": 1}
