"""Windows paths on the real engine: what is a folder, and what lies in it, whatever system the module is tested on."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.powershell_kit import Engine
from tests.integration.powershell_stage import Stage

# As System.IO.Path.GetDirectoryName answers on Windows, with '' for its $null.
PARENTS = {
    "C:\\labs\\lab_1\\a.vhdx": "C:\\labs\\lab_1",
    "C:\\a.vhdx": "C:\\",
    "C:\\": "",
    "C:": "",
    "C:a": "C:",
    "C:a\\b": "C:a",
    "C:/labs/a.vhdx": "C:/labs",
    "C:\\labs/a.vhdx": "C:\\labs",
    "C:\\labs\\": "C:\\labs",
    "C:\\labs\\\\a.vhdx": "C:\\labs",
    "\\\\server\\share\\a.vhdx": "\\\\server\\share",
    "\\\\server\\share\\labs\\a.vhdx": "\\\\server\\share\\labs",
    "\\\\server\\share": "",
    "\\\\?\\Volume{1}\\a.vhdx": "\\\\?\\Volume{1}",
    "\\a.vhdx": "\\",
    "/srv/labs/a.vhdx": "/srv/labs",
    "/a.vhdx": "/",
    "/": "",
    "labs\\a.vhdx": "labs",
    "a.vhdx": "",
    "": "",
}
JOINED = {
    "C:\\labs": "C:\\labs\\a.vhdx",
    "C:\\": "C:\\a.vhdx",
    "\\\\server\\share\\": "\\\\server\\share\\a.vhdx",
    "C:/labs": "C:/labs/a.vhdx",
    "/srv/labs": "/srv/labs/a.vhdx",
    "/": "/a.vhdx",
}
# (path, folder): whether the one lies in the other.
BELOW = {
    ("C:\\labs\\lab_1\\a", "C:\\labs\\lab_1"): True,
    ("C:\\LABS/lab_1/a", "C:/labs\\lab_1\\"): True,
    ("C:\\labs\\lab_10\\a", "C:\\labs\\lab_1"): False,
    ("C:\\labs\\lab_1", "C:\\labs\\lab_1"): False,
    ("C:\\labs\\lab_1\\", "C:\\labs\\lab_1"): False,
    ("C:\\labs", ""): False,
    ("", "C:\\labs"): False,
    ("C:\\a", "C:\\"): True,
}
_BODY = """
$given = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText('given.json'))
$answer = & (Get-Module -Name 'Matryoshka') {
    param($Given)
    @{
        parents = @($Given.parents | ForEach-Object -Process { Get-MkParentFolder -Path $_ })
        joined  = @($Given.joined | ForEach-Object -Process { Join-MkPath -Folder $_ -Name 'a.vhdx' })
        below   = @($Given.below | ForEach-Object -Process { Test-MkBelow -Path $_[0] -Folder $_[1] })
    }
} $given
ConvertTo-Json -InputObject $answer -Compress
"""


def test_windows_paths(stage: Stage, tmp_path: Path) -> None:
    """Parents, joined paths and what lies in a folder are as on Windows, with both separators and at every root."""
    given = {"parents": list(PARENTS), "joined": list(JOINED), "below": [list(pair) for pair in BELOW]}
    (tmp_path / "given.json").write_text(json.dumps(given), encoding="utf-8")

    found = Engine(stage.pwsh, tmp_path, stage).run(_BODY)

    assert dict(zip(PARENTS, found["parents"], strict=True)) == PARENTS
    assert dict(zip(JOINED, found["joined"], strict=True)) == JOINED
    assert dict(zip(BELOW, found["below"], strict=True)) == BELOW
