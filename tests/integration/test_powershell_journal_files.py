"""The journal's files on the real engine: torn, left over, old, closed to others, and without secrets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration.powershell_kit import FAKES, Engine
from tests.integration.powershell_stage import Stage

_THINGS = FAKES / "Things.ps1"
_SCENES = Path(__file__).with_name("powershell_journal")
_SHOW = "\nConvertTo-Json -InputObject $answer -Depth 5 -Compress"


@pytest.fixture
def engine(stage: Stage, tmp_path: Path) -> Engine:
    """An engine with a journal of its own."""
    return Engine(stage.pwsh, tmp_path, stage)


def _play(engine: Engine, scene: str, functions: Path = _THINGS) -> Any:
    return engine.run((_SCENES / f"{scene}.ps1").read_text(encoding="utf-8") + _SHOW, functions)


def test_torn_record_is_recovered(engine: Engine) -> None:
    """Whatever a crash left of a record, the call counts as abandoned, runs once more, and the torn file is kept."""
    outcomes = _play(engine, "Torn")
    assert len(outcomes) == 18
    once_more = {"status": "abandoned", "replayed": False, "result": True, "ran": 1, "kept": True, "then": True}
    assert {name: outcome for name, outcome in outcomes.items() if outcome != once_more} == {}


def test_half_written_files_beside_do_not_matter(engine: Engine) -> None:
    """What a crash left before its last move is nobody's record and nobody's fence."""
    assert _play(engine, "LeftOver") == {"seen": "completed", "replayed": True, "next": False}


def test_torn_fence_is_rebuilt_from_the_records(engine: Engine) -> None:
    """A fence file that is torn or gone does not let an older worker in, up to the highest number that there is."""
    answers = _play(engine, "Fences")
    assert len(answers) == 8
    assert set(answers.values()) == {"Matryoshka.FenceTooOld,Invoke-NestedCall"}


def test_worker_that_was_overtaken_while_it_waited_does_not_run(engine: Engine) -> None:
    """The fence is looked at again when the wait is over: a newer worker may have come."""
    answer = _play(engine, "Overtaken")
    assert answer == {"id": "Matryoshka.FenceTooOld,Invoke-NestedCall", "status": "absent", "ran": False}


def test_old_calls_are_pruned(engine: Engine) -> None:
    """Old calls go with all that is theirs, and what dead processes left; young ones stay; -WhatIf removes none."""
    answer = _play(engine, "Prune")
    assert (answer["what"], answer["same"]) == ({"Changed": False, "Removed": 0, "Kept": 3}, True)
    assert answer["done"] == {"Changed": True, "Removed": 2, "Kept": 2}
    left = {path.name for path in engine.journal.iterdir()}
    assert left == {
        *(f"job_3.step.0#1.{kind}" for kind in ("call", "lock", "call.ff.tmp")),
        *("fence.job_3.step.0.txt", "fence.job_3.step.0.txt.lock"),
        *("job_9.prune.0#1.call", "job_9.prune.0#1.lock", "fence.job_9.prune.0.txt.lock"),
    }


def test_secrets_are_nowhere_in_the_journal(engine: Engine) -> None:
    """No secret of a call, wherever it stood and however an error quotes it, is recorded or answered."""
    answers = _play(engine, "Secrets", _SCENES / "Leak.ps1")
    assert [(answer["Name"], answer["Status"]) for answer in answers] == [("Set-NestedLeak", "failed")] * 11
    files = [path for path in engine.journal.iterdir() if path.suffix == ".call"]
    assert len(files) == 11
    texts = [str(answers), *(path.read_text(encoding="utf-8") for path in engine.journal.iterdir())]
    # Every word ends alike, whatever its quoting; its Base64 of UTF-16 has this in the middle.
    traces = re.compile(r"Pa55|UABhADUANQ|Setting|AdminPassword|and more")
    assert [found for text in texts for found in traces.findall(text)] == []
    unquoted = [answer["ErrorId"] for answer in answers if "***" not in answer["ErrorMessage"]]
    assert unquoted == ["ParameterArgumentValidationError,Set-NestedLeak"]


def test_journal_is_closed_to_others(engine: Engine) -> None:
    """The journal is in ProgramData, for SYSTEM and administrators only before anything is in it, and stays so."""
    answer = _play(engine, "Closed")
    root = answer.pop("root")
    closed = "O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
    assert root == str(engine.folder / "ProgramData" / "Matryoshka")
    assert answer.pop("fresh") == {"status": "completed", "log": [f"{root}|{closed}|0", f"{root}/journal|{closed}|0"]}
    assert answer.pop("again") == {"status": "completed", "log": []}
    assert answer.pop("broken")["status"] == "Matryoshka.JournalUnavailable,Invoke-NestedCall"
    foreign = answer.pop("foreign")
    assert foreign["journal"] == {"status": "completed", "log": [f"{root}/journal|{closed}|0"]}
    assert foreign["root"] == {"status": "completed", "log": [f"{root}|{closed}|0", f"{root}/journal|{closed}|0"]}
    assert foreign["aside"] == [0, 1]  # the first one went aside with the root
    assert answer.pop("ran") == 5
    assert len(answer) == 8
    for name, outcome in answer.items():
        place = root if name.startswith("root") else f"{root}/journal"
        assert [line.rpartition("|")[0] for line in outcome["log"]] == [f"{place}|{closed}"], name
    assert not engine.journal.exists()


def test_call_ids_stay_in_the_folder(engine: Engine) -> None:
    """A call id that is not plain letters, digits and a number is refused before a file is named after it."""
    answers = _play(engine, "Names")
    assert (
        answers == [f"ParameterArgumentValidationError,{name}" for name in ("Invoke-NestedCall", "Get-NestedCall")] * 13
    )
    assert not engine.journal.exists()
