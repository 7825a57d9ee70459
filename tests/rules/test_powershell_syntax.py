"""The PowerShell files read in Windows PowerShell 5.1: syntax, API, names, encodings. Each rule is shown to bite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.powershell import dotnet
from tests.powershell.facts import Facts, facts_of, product_facts, product_files

_BOM = b"\xef\xbb\xbf"
# Calls of what a variable holds have no name to look up, and no parameter names where a script block is called.
_CALLED_BY_VALUE = {
    ("bootstrap.ps1", "$present"),  # the function that is there already
    ("bootstrap.ps1", "([scriptblock]::Create($Source))"),  # the module's text, after its hash was compared
    ("Matryoshka.psm1", "$path"),  # the module's own files
    ("Get-MkGuestScript.ps1", "([scriptblock]::Create($Text))"),  # as bootstrap.ps1, in a guest
    ("Get-MkGuestScript.ps1", "$module"),  # a function that the module does not export
    ("Install-Matryoshka.ps1", "([System.IO.Path]::Combine($here, 'parts', \"$part.ps1\"))"),  # its own files
    ("Invoke-MkFunction.ps1", "$Command"),  # what Resolve-MkFunction allowed
}
# Of Get-Verb in Windows PowerShell 5.1; Build and Deploy are PowerShell 6's.
_NAME = re.compile(
    r"(Add|Assert|Clear|Complete|Connect|Copy|ConvertFrom|ConvertTo|Disable|Disconnect|Dismount|Enable|Export|Find|Format|Get|"
    r"Grant|Import|Initialize|Install|Invoke|Join|Lock|Measure|Merge|Mount|Move|New|Open|Protect|Publish|Read|Register|"
    r"Remove|Rename|Repair|Request|Reset|Resize|Resolve|Restart|Restore|Revoke|Save|Search|Select|Send|Set|Split|Start|Stop|"
    r"Suspend|Sync|Test|Trace|Unblock|Uninstall|Unlock|Unprotect|Unregister|Update|Use|Wait|Write)-[A-Z][A-Za-z0-9]+"
)
# A snippet for every way to be refused, by the name of the refusal.
_REFUSED = {
    "null-conditional": ["${a}?.Length", "${a}?[0]", "${a}?.Trim()"],
    "null-coalescing": ["$a ?? 1", "$a ??= 1"],
    "ternary": ["$a ? 1 : 2"],
    "pipeline chain": ["Get-Item -Path 'a' && Get-Item -Path 'b'", "Get-Item -Path 'a' || Get-Item -Path 'b'"],
    "background": ["Get-Item -Path 'a' &"],
    "class or enum": ["class A { }", "enum A { B }"],
    "using": ["using namespace System.IO", "using module A", "Invoke-Command -ScriptBlock { $using:a }"],
    "clean block": ["function Get-A { process { } clean { } }"],
    "number suffix": ["1y", "1uy", "1s", "1us", "1u", "1ul", "1n", "0b101"],
    "escape of 7": ['"`e[0m"', '"`u{263a}"'],
    "replace with a script block": ["'a' -replace 'a', { 'b' }"],
    "ordered beyond a literal": ["[ordered]$a", "[ordered]::new()"],
    "generic method arguments": ["[array]::Empty[int]()"],
    "validation message": ["param([ValidatePattern('a', ErrorMessage = 'b')]$c)"],
    "variable of 7": ["$IsWindows", "$IsCoreCLR", "$PSStyle.Reset"],
    "leading pipe": ["Get-Item -Path 'a'\n| Select-Object -First 1"],
    "string of many lines": ["'a\nb'", "@'\na\n'@"],
    "relative path": ["Get-Item -Path './a'", "Get-Item -Path '..\\a'"],
}
_MISSING_MEMBERS = (
    "[System.Convert]::ToHexString($a)",
    "[System.IO.Path]::Join('a', 'b')",
    "[System.IO.Path]::GetRelativePath('a', 'b')",
    "[System.IO.File]::Move('a', 'b', $true)",
    "[System.IO.File]::ReadAllTextAsync('a')",
    "[System.Security.Cryptography.SHA256]::HashData($a)",
    "[System.Environment]::ProcessPath",
    "[System.Environment]::ProcessId",
    "[System.Math]::Clamp(1, 2, 3)",
    "[string]::Join(',', 'a', 'b', 'c', 'd')",
    "'a'.Contains('A', [System.StringComparison]::OrdinalIgnoreCase)",
    "'a'.Replace('a', 'b', [System.StringComparison]::Ordinal)",
    "'a'.Split('ab')",
    "'a'.TrimEnd('ab')",
    "$a.GetValueOrDefault('b')",
    "$process.Kill($true)",
)
_MISSING_TYPES = (
    "[semver]'1.2.3'",
    "[System.Text.Json.JsonSerializer]::Serialize($a)",
    "[System.Index]::FromEnd(1)",
    "[System.Management.Automation.SemanticVersion]'1.2.3'",
    "New-Object -TypeName 'System.Net.Http.SocketsHttpHandler'",
    "param([ValidateNotNullOrWhiteSpace()]$a)",
    "param([ArgumentCompletions('a')]$b)",
)
_GOOD = (
    "function Get-A { param([string]$B) [System.IO.Path]::Combine($B, 'c', 'd', 'e', 'f').Trim('/', '\\').Split('/') }"
)


@pytest.fixture(scope="module")
def sources(pwsh: str) -> tuple[Facts, ...]:
    """The facts of every PowerShell file of the product."""
    return product_facts(pwsh)


@pytest.fixture(scope="module")
def snippets(pwsh: str) -> dict[str, Facts]:
    """The facts of every snippet of this file, by its text."""
    texts = [*[text for texts in _REFUSED.values() for text in texts], *_MISSING_MEMBERS, *_MISSING_TYPES, _GOOD]
    texts += ["gci -Path 'a'", "Get-Item 'a'", "& $a"]
    return facts_of(pwsh, {text: text for text in texts})


def _loose(source: Facts) -> Iterator[str]:
    """Calls by an alias or a path, arguments without a parameter's name, and calls of a value."""
    file = source["name"].rpartition("/")[2]
    for call in source["commands"]:
        place = f"{file}:{call['line']} {call['text']}"
        if call["name"] is None:
            if (file, call["text"]) not in _CALLED_BY_VALUE:
                yield f"by value: {place}"
        elif "-" not in call["name"]:
            yield f"alias: {place}"
        elif call["positional"]:
            yield f"positional: {place}"


def test_every_file_is_looked_at(sources: tuple[Facts, ...]) -> None:
    """The rules below see the whole module and the installer, and PowerShell's parser finds no error in them."""
    assert len(sources) == len(product_files()) > 200
    assert sum(len(source["commands"]) for source in sources) > 700
    assert [] == [(source["name"], source["errors"]) for source in sources if source["errors"]]


def test_no_syntax_is_later_than_5_1(sources: tuple[Facts, ...]) -> None:
    """No file has an operator, a block, a number, an escape or a variable that Windows PowerShell 5.1 does not read."""
    assert [] == [(source["name"], refusal) for source in sources for refusal in source["refusals"]]


@pytest.mark.parametrize("rule", _REFUSED)
def test_later_syntax_is_refused(rule: str, snippets: dict[str, Facts]) -> None:
    """The rule above refuses each form of later syntax by its name."""
    for text in _REFUSED[rule]:
        assert rule in {refusal["rule"] for refusal in snippets[text]["refusals"]}, text


def test_no_api_is_later_than_5_1(sources: tuple[Facts, ...]) -> None:
    """Every .NET type and member that a file names is in .NET Framework or Windows PowerShell, arguments counted."""
    assert [] == [(source["name"], text) for source in sources for text in dotnet.problems(source)]


@pytest.mark.parametrize("text", [*_MISSING_MEMBERS, *_MISSING_TYPES])
def test_later_api_is_refused(text: str, snippets: dict[str, Facts]) -> None:
    """The rule above refuses members and types that only .NET Core or PowerShell 7 has."""
    kind = "member" if text in _MISSING_MEMBERS else "type"
    assert kind in {found.partition(":")[0] for found in dotnet.problems(snippets[text])}


def test_good_code_is_not_refused(snippets: dict[str, Facts]) -> None:
    """The rules let through what 5.1 has."""
    assert (snippets[_GOOD]["refusals"], dotnet.problems(snippets[_GOOD]), [*_loose(snippets[_GOOD])]) == ([], [], [])


def test_commands_have_full_names_and_named_arguments(sources: tuple[Facts, ...]) -> None:
    """No alias, no argument by position; what is called by value stands in a table."""
    assert [] == [text for source in sources for text in _loose(source)]


@pytest.mark.parametrize(
    ("text", "rule"), [("gci -Path 'a'", "alias"), ("Get-Item 'a'", "positional"), ("& $a", "by value")]
)
def test_loose_calls_are_refused(text: str, rule: str, snippets: dict[str, Facts]) -> None:
    """The rule above refuses an alias, an argument by position and a call of any value."""
    assert [rule] == [found.partition(":")[0] for found in _loose(snippets[text])]


def test_values_called_are_still_there(sources: tuple[Facts, ...]) -> None:
    """The table of calls by value has no entry that nothing needs."""
    seen = {
        (one["name"].rpartition("/")[2], call["text"])
        for one in sources
        for call in one["commands"]
        if not call["name"]
    }
    assert seen == _CALLED_BY_VALUE


def test_verbs_are_of_5_1(sources: tuple[Facts, ...]) -> None:
    """Every function's name is an approved verb of Windows PowerShell 5.1 and a noun."""
    names = [one["name"] for source in sources for one in source["functions"]]
    assert len(names) > 190
    assert [] == [name for name in names if not _NAME.fullmatch(name)]


def test_requirements_are_said(sources: tuple[Facts, ...]) -> None:
    """Files that are run or imported by themselves ask for 5.1, no file for more."""
    asked: dict[str, Any] = {source["name"]: source["requires"] for source in sources if source["requires"]}
    scripts = {source["name"] for source in sources if source["name"].endswith(".psm1")}
    scripts |= {str(path.relative_to(ROOT)) for path in (ROOT / "deploy" / "windows").glob("*.ps1")}
    assert set(asked.values()) == {"5.1"}
    assert scripts <= set(asked)


def test_encodings_are_what_5_1_reads() -> None:
    """Every file is UTF-8 with the mark without which 5.1 takes it for ANSI, or plain ASCII outside the module."""
    for path in product_files():
        data = path.read_bytes()
        assert data.startswith(_BOM) or (data.isascii() and "workers" not in path.relative_to(ROOT).parts), path
        text = data.decode("utf-8-sig")
        assert "\r" not in text.replace("\r\n", "\n"), path
        assert "\t" not in text, path
        assert "\ufeff" not in text, path
