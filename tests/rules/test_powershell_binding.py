"""Every command call of the PowerShell files binds on every Windows that we support, as its own binder would do it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.ledger.nesting.releases import FIRST_RELEASE_BUILD, RELEASES
from tests.powershell.binder import SUPPORTED, Splat, World, problems, world
from tests.powershell.facts import Facts, facts_of, product_facts
from tests.powershell.make_cmdlets import called_names, tables

# Splats that are not made in the function that uses them: where their keys come from, and every form that they have.
_TARGET = Splat("Get-MkGuestTarget", (("VMId", "Credential"), ("ComputerName", "Credential")))
_SPLATS = {
    ("Invoke-MkGuest", "Target"): _TARGET,
    ("Get-MkGuestStage", "Target"): _TARGET,
    ("Get-MkGuestScript", "Call"): Splat(
        "Invoke-NestedGuestCall", (("Name",), ("Name", "Parameters", "CallId", "Fence", "WaitSeconds"))
    ),
    ("New-MkCluster", "Arguments"): Splat(
        "New-NestedCluster",
        (
            ("Name", "Node", "AdministrativeAccessPoint"),
            ("Name", "Node", "AdministrativeAccessPoint", "StaticAddress"),
        ),
    ),
    ("Set-NestedClusterQuorum", "arguments"): Splat(
        "Get-MkQuorumArgument",
        (
            ("NoWitness",),
            ("FileShareWitness",),
            ("DiskWitness",),
            ("CloudWitness", "AccountName", "AccessKey"),
            ("CloudWitness", "AccountName", "AccessKey", "Endpoint"),
        ),
    ),
}
# Cmdlets of which the tables have pages of later releases only, and what shows that the earlier ones have them.
_EARLIER = {
    "Get-WindowsFeature": "read off a machine's ServerManager of 2017, Server 2016",
    "Install-WindowsFeature": "read off a machine's ServerManager of 2017, Server 2016",
    "Enable-WindowsOptionalFeature": "MicrosoftDocs/windows-powershell-docs, docset/winserver2016-ps, winserver2019-ps",
}
# Pages of 2016 are mostly copies of later ones. What is known to have come later: automatic checkpoints, in an Insider
# build of 2017 (Microsoft's virtualization blog, "Making it easier to revert").
_LATER = {("Set-VM", "AutomaticCheckpointsEnabled"): ("2019", "2022", "2025")}
# Cmdlets of the installer whose modules are in no table: the parameters of Microsoft's page for Server 2016.
_PAGES = {
    "New-SelfSignedCertificate": frozenset(
        {"Subject", "TextExtension", "CertStoreLocation", "FriendlyName", "NotAfter", "KeyExportPolicy", "DnsName"}
    ),
}
# Calls that must be refused, and by which rule.
_REFUSED = (
    ("unknown command", "Get-VMFleet -Name 'a'"),
    ("unknown command", "Microsoft.PowerShell.Core\\Get-VM -Name 'a'"),
    ("unknown parameter", "Get-VM -Title 'a'"),
    ("unknown parameter", "Get-MkVersion -Title 'a'"),
    ("short name", "Get-VM -Comp 'a' -ErrorAction Stop"),
    ("short name", "Get-VM -VMName 'a' -ErrorAction Stop"),
    ("short name", "Write-Verbose -Msg 'a'"),
    ("no parameter set", "Get-VM -Name 'a' -Id $id"),
    ("no parameter set", "New-VM -Name 'a' -NoVHD -VHDPath 'b'"),
    ("ambiguous set", "Invoke-Command -FilePath 'a'"),
    ("missing parameter", "Set-VMProcessor -Count 2"),
    ("missing parameter", "Stop-MkFunction -Id 'a' -Message 'b' -Category ReadError"),
    ("bad value", "Set-VM -Name 'a' -AutomaticStopAction 'Explode'"),
    ("bad value", "Set-VMProcessor -VMName 'a' -ExposeVirtualizationExtensions 'maybe'"),
    ("bad value", "Set-VMProcessor -VMName 'a' -Count 'two'"),
    ("bad value", "Get-VM -ErrorAction 'Break'"),
    ("bad value", "Set-MkRegistryValue -Path 'a' -Name 'b' -Value 1 -Type 'QWord'"),
    ("only in 7", "ConvertFrom-Json -InputObject '1' -AsHashtable"),
    ("only in 7", "ForEach-Object -Parallel { 1 }"),
    ("unfollowed splat", "function Get-A { param([hashtable]$B) Get-VM @B }"),
    ("unfollowed splat", "function Get-A { $b = Get-C; Get-VM @b }"),
    ("unfollowed splat", "function Get-A { $b = @{}; $b[$key] = 1; Get-VM @b }"),
    ("unknown parameter", "function Get-A { $b = @{ Name = 'a' }; if ($c) { $b.Title = 'd' }; Get-VM @b }"),
    ("no parameter set", "function Get-A { $b = @{ Name = 'a' }; if ($c) { $b.Id = $id }; Get-VM @b }"),
    ("later cmdlet", "Get-Later -Name 'a'"),
    ("later cmdlet", "if (-not (Get-Command -Name 'Get-Later')) { Get-Later -Name 'a' }"),
    ("later cmdlet", "if (Get-Command -Name 'Get-VM') { Get-Later -Name 'a' }"),
    ("later parameter", "Get-Later2 -Name 'a' -Fresh 1"),
    (
        "later parameter",
        "if (Test-MkParameter -Command 'Get-Later2' -Parameter 'Name') { Get-Later2 -Name 'a' -Fresh 1 }",
    ),
)
# Calls that must bind: each is the good side of one above.
_TAKEN = (
    "Get-VM -Id $id",
    "Get-VM -Name 'a' | Set-VMProcessor -Count 2 -ExposeVirtualizationExtensions $true",
    "Microsoft.PowerShell.Core\\Get-Command -Name 'a'",
    "Set-VM -Name 'a' -AutomaticStopAction 'ShutDown' -Confirm:$false",
    "New-VM -Name 'a' -NoVHD",
    "function Get-A { $b = @{}; if ($c) { $b.Id = 'd' } else { $b.Name = 'e' }; Get-VM @b }",
    "if (Get-Command -Name 'Get-Later' -ErrorAction Ignore) { Get-Later -Name 'a' }",
    "function Get-A { if (-not (Get-Command -Name 'Get-Later')) { return }; Get-Later -Name 'a' }",
    "if (Test-MkParameter -Command 'Get-Later2' -Parameter 'Fresh') { Get-Later2 -Name 'a' -Fresh 1 }",
    "$b = @{ }; if (Test-MkParameter -Command 'Get-Later2' -Parameter 'Fresh') { $b.Fresh = 1 }; Get-Later2 @b",
)


@pytest.fixture(scope="module")
def sources(pwsh: str) -> tuple[Facts, ...]:
    """The facts of every PowerShell file of the product."""
    return product_facts(pwsh)


@pytest.fixture(scope="module")
def known(sources: tuple[Facts, ...]) -> World:
    """What a call may name: the committed table and our own functions."""
    return world(tables(), sources, _SPLATS, _LATER)


@pytest.fixture(scope="module")
def snippets(pwsh: str) -> dict[str, Facts]:
    """The facts of every snippet of this file, by its text."""
    return facts_of(pwsh, {text: text for text in [*[text for _, text in _REFUSED], *_TAKEN]})


def _with_later(known: World) -> World:
    """Add two cmdlets that Server 2016 lacks: one as a whole, one in a parameter. The tables name none that we call."""
    name = {"type": "String", "sets": {"(All)": {}}}
    later = {**known.cmdlets["Get-VM"], "parameters": {"Name": name}, "sets": ["A"], "observed": None}
    fresh = {"type": "Int32", "sets": {"(All)": {}}, "releases": ["2025"]}
    grown = {**later, "parameters": {"Name": name, "Fresh": fresh}}
    return replace(known, cmdlets={**known.cmdlets, "Get-Later": {**later, "releases": ["2025"]}, "Get-Later2": grown})


def _all_problems(source: Facts, known: World) -> list[str]:
    return [text for call in source["commands"] if call["name"] for text in problems(call, source, known)]


def _excused(text: str, name: str) -> bool:
    return (text.startswith("later cmdlet:") and name in _EARLIER) or name in _PAGES


def test_every_call_binds(sources: tuple[Facts, ...], known: World) -> None:
    """Each call names a cmdlet of every supported Windows, and its arguments fit one of the parameter sets."""
    wrong = [
        f"{source['name']}:{call['line']} {text}"
        for source in sources
        for call in source["commands"]
        if call["name"]
        for text in problems(call, source, known)
        if not _excused(text, call["name"])
    ]
    assert wrong == []


@pytest.mark.parametrize(("rule", "text"), _REFUSED, ids=[text for _, text in _REFUSED])
def test_wrong_calls_are_refused(rule: str, text: str, snippets: dict[str, Facts], known: World) -> None:
    """The rule above refuses each kind of call that Windows would refuse, or that an older Windows would."""
    assert rule in {found.partition(":")[0] for found in _all_problems(snippets[text], _with_later(known))}


@pytest.mark.parametrize("text", _TAKEN)
def test_right_calls_bind(text: str, snippets: dict[str, Facts], known: World) -> None:
    """The rule above lets through what Windows takes."""
    assert _all_problems(snippets[text], _with_later(known)) == []


def test_supported_releases_are_those_of_the_nesting_rules() -> None:
    """The releases that calls are bound against are the servers on which the job kinds build."""
    servers = [one.server for one in RELEASES if one.build >= FIRST_RELEASE_BUILD and one.server]
    assert servers == [f"Server {year}" for year in SUPPORTED]


def test_splats_from_elsewhere_are_what_their_makers_make(sources: tuple[Facts, ...]) -> None:
    """The table of splats has keys that the maker writes, and every splat of it is still there."""
    keys: dict[str, set[str]] = {}
    for source in sources:
        for one in source["keys"]:
            keys.setdefault(one["function"], set()).add(one["key"])
    for splat in _SPLATS.values():
        assert {name for names in splat.variants for name in names} <= keys[splat.maker]
    used = {
        (call["function"], splat["variable"])
        for source in sources
        for call in source["commands"]
        for splat in call["splats"]
    }
    assert used >= set(_SPLATS)


def test_makers_make_no_more(sources: tuple[Facts, ...]) -> None:
    """A key that a maker of arguments writes is in the table, too: its functions make nothing else."""
    for maker in ("Get-MkGuestTarget", "Get-MkQuorumArgument"):
        written = {one["key"] for source in sources for one in source["keys"] if one["function"] == maker}
        told = {
            name for splat in _SPLATS.values() if splat.maker == maker for names in splat.variants for name in names
        }
        assert written == told


def test_excuses_are_needed(sources: tuple[Facts, ...], known: World) -> None:
    """No excuse stands for a cmdlet that is not called or not refused."""
    refused = {
        call["name"]
        for source in sources
        for call in source["commands"]
        if call["name"] and problems(call, source, known)
    }
    assert refused == {*_EARLIER, *_PAGES}


def test_pages_are_kept_to(sources: tuple[Facts, ...]) -> None:
    """A cmdlet that is in no table is called with parameters of its page only, by a splat or by name."""
    for source in sources:
        for call in source["commands"]:
            if call["name"] in _PAGES:
                given = {pair["parameter"] for pair in call["given"]} - {"ErrorAction"}
                given |= {
                    pair["parameter"] for one in call["splats"] for event in one["events"] for pair in event["pairs"]
                }
                assert given
                assert given <= _PAGES[call["name"]]


def test_table_has_no_more_than_is_called() -> None:
    """The committed table holds cmdlets that a file names, no others."""
    assert set(tables()["cmdlets"]) <= called_names()
