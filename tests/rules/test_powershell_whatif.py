"""-WhatIf changes nothing: every change of the module and of the installer stands behind ShouldProcess."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from tests.powershell.changes import unasked
from tests.powershell.facts import Facts, facts_of, product_facts
from tests.powershell.make_cmdlets import tables

# Functions that are not promised to change nothing under -WhatIf, which they do not take, and what they write.
_WRITERS = {
    "Get-NestedVMProbe": "the module's text in the guest, kept for the next call",
    "Get-NestedCall": "nothing: it tries the lock file of a call that is there",
    "Invoke-NestedCall": "the journal; the function that it calls asks",
    "Invoke-NestedGuestCall": "the module's text in the guest and the journal there",
    "Test-NestedCluster": "Windows' validation report, which is what it is for",
    "Wait-NestedGuest": "the module's text in the guest, kept for the next call",
}
_ASK = "function Set-A {{ [CmdletBinding(SupportsShouldProcess = $true)] param() {} }}"
_CAUGHT = {
    "a cmdlet that asks": "Set-VM -Name 'a'",
    "a cmdlet that has no -WhatIf": "Set-ClusterQuorum -NoWitness",
    "a file": "[System.IO.File]::WriteAllText('a', 'b')",
    "a folder": "[System.IO.Directory]::CreateDirectory('a')",
    "a stream that makes a file": "New-Object -TypeName 'System.IO.FileStream' -ArgumentList 'a', 'CreateNew'",
    "a function of ours": "Set-MkB",
    "another branch": "if ($PSCmdlet.ShouldProcess('a')) { 1 } else { Set-VM -Name 'a' }",
    "no is yes": "if (-not $PSCmdlet.ShouldProcess('a')) { Set-VM -Name 'a' }",
    "or": "if ($b -or $PSCmdlet.ShouldProcess('a')) { Set-VM -Name 'a' }",
    "behind an if that does not leave": "if (-not $PSCmdlet.ShouldProcess('a')) { $b = 1 } Set-VM -Name 'a'",
    "before the question": "if ((Set-VM -Name 'a') -and $PSCmdlet.ShouldProcess('a')) { 1 }",
}
_LET_THROUGH = {
    "in the clause": "if ($b -and $PSCmdlet.ShouldProcess('a')) { Set-VM -Name 'a' }",
    "in a loop in the clause": "if ($PSCmdlet.ShouldProcess('a')) { foreach ($c in 1) { Set-VM -Name 'a' } }",
    "after leaving": "if (-not $PSCmdlet.ShouldProcess('a')) { return } Set-VM -Name 'a'",
    "behind the question": "if (($b -or $c) -and $PSCmdlet.ShouldProcess('a') -and (Set-MkB)) { 1 }",
    "reading": "Get-VM -Name 'a' | Select-Object -First 1 | ForEach-Object -Process { $_.Name }",
}
_HELPER = " function Set-MkB { Set-MkC } function Set-MkC { Remove-VM -Name 'a' }"


@pytest.fixture(scope="module")
def sources(pwsh: str) -> tuple[Facts, ...]:
    """The facts of every PowerShell file of the product."""
    return product_facts(pwsh)


@pytest.fixture(scope="module")
def snippets(pwsh: str) -> dict[str, Facts]:
    """The facts of every snippet of this file, each in a function that could ask."""
    return facts_of(pwsh, {name: _ASK.format(body) + _HELPER for name, body in {**_CAUGHT, **_LET_THROUGH}.items()})


def test_nothing_changes_unasked(sources: tuple[Facts, ...]) -> None:
    """Public functions and the installer change nothing before ShouldProcess said yes; other writers are known."""
    public = {
        one["name"]
        for one in (one for source in sources if "/Public/" in source["name"] for one in source["functions"])
    }
    scripts = {source["name"] for source in sources if PurePath(source["name"]).parts[0] == "deploy"}
    found = unasked(sources, tables()["cmdlets"])
    assert len(public) == 55
    assert {name: places for name, places in found.items() if name in public | scripts and name not in _WRITERS} == {}
    assert set(_WRITERS) <= set(found)


def test_writers_take_no_whatif(sources: tuple[Facts, ...]) -> None:
    """A function that may write unasked does not promise otherwise by a -WhatIf."""
    asks = {one["name"]: one["whatif"] for source in sources for one in source["functions"]}
    assert {name: asks[name] for name in _WRITERS} == dict.fromkeys(_WRITERS, False)


@pytest.mark.parametrize("name", _CAUGHT)
def test_changes_are_caught(name: str, snippets: dict[str, Facts]) -> None:
    """The rule above catches a change wherever it stands outside of the question."""
    assert "Set-A" in unasked((snippets[name],), tables()["cmdlets"])


@pytest.mark.parametrize("name", _LET_THROUGH)
def test_asked_changes_are_let_through(name: str, snippets: dict[str, Facts]) -> None:
    """The rule above lets through a change behind the question, and reading."""
    assert "Set-A" not in unasked((snippets[name],), tables()["cmdlets"])
