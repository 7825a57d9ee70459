"""The table of causes: each names its check, its source, and commands that a PowerShell engine can read."""

from __future__ import annotations

import re

import pytest

from service.ledger.checks import HOST_CHECKS
from workers.steps.cures import CURES, Cure

_VALUES = {"address": "hv01.example", "account": "EXAMPLE\\svc", "name": "svc", "port": "5986", "setting": "Basic"}
_ONLY_ELSEWHERE = {  # nothing that runs on the host cures these
    *("NAME_NO_ANSWER", "WORKER_LACKS_PACKAGE", "SECRET_UNREADABLE", "HOST_LOST"),
    *("HOST_BUILD_TOO_OLD", "HOST_CPU_UNSUPPORTED", "HOST_VBS"),
}


@pytest.mark.parametrize("cure", CURES.values(), ids=list(CURES))
def test_a_cause_says_why_what_to_do_and_who_says_so(cure: Cure) -> None:
    """Each belongs to a check; whoever reads it gets a command for the host, unless none can cure it."""
    assert cure.check in {check.id for check in HOST_CHECKS}
    assert cure.why.endswith(".")
    assert cure.remedy.endswith((".", ":"))
    assert cure.source
    assert bool(cure.commands) == (cure.code not in _ONLY_ELSEWHERE)


def test_all_values_are_filled_in() -> None:
    """No command is left with a word that nobody fills in."""
    known = _VALUES | {"issuer": "CN=Example CA", "thumbprint": "AB"}
    left = [line for cure in CURES.values() for line in cure.filled(known) if re.search(r"%[a-z_]+%", line)]

    assert left == []


@pytest.mark.parametrize("value", ["it's", "a\u2019b", "$(Remove-Item C:\\)", "`n; x"])
def test_a_value_cannot_become_a_command(value: str) -> None:
    """Whatever stands in the host's record is one quoted text in the command."""
    (line, *_) = Cure("name", "X", "", "", ("Do-It -Member %account% -End",), "").filled({"account": value})

    inside = line.removeprefix("Do-It -Member '").removesuffix("' -End")
    assert re.sub("(['\u2018\u2019\u201a\u201b])\\1", "", inside) == re.sub("['\u2018\u2019\u201a\u201b]", "", value)


def test_a_word_inside_a_path_is_plain_or_left() -> None:
    """A port or a setting that is no plain word is not filled in."""
    cure = Cure("name", "X", "", "", (r"Set-Item WSMan:\Auth\%setting%",), "")

    assert cure.filled({"setting": "Basic"}) == (r"Set-Item WSMan:\Auth\Basic",)
    assert cure.filled({"setting": "x;y"}) == cure.commands
