"""The commands that cure a host are read by a real PowerShell engine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from workers.steps.cures import CURES

_VALUES = {
    "address": "hv01.example",
    "account": "EXAMPLE\\o'brien",
    "name": "o'brien",
    "port": "5986",
    "setting": "Basic",
    "issuer": "CN=it's $(here)",
}
_READ = """
$lines = Get-Content -LiteralPath $env:MK_LINES -Raw | ConvertFrom-Json
$found = foreach ($line in $lines) {
    $tokens = $errors = $null
    $tree = [System.Management.Automation.Language.Parser]::ParseInput($line, [ref]$tokens, [ref]$errors)
    $constant = [System.Management.Automation.Language.StringConstantExpressionAst]
    $texts = $tree.FindAll({ param($one) $one -is $constant }, $true)
    @{ line = $line; errors = @($errors).Count; texts = @($texts.Value) }
}
ConvertTo-Json -InputObject @($found) -Depth 4 -Compress
"""


def test_every_command_is_powershell(pwsh: str, tmp_path: Path) -> None:
    """No command has a syntax error, and a value of the host's record is one constant text in it, run by nobody."""
    filled = {line for cure in CURES.values() for line in cure.filled(_VALUES)}
    lines, script = tmp_path / "lines.json", tmp_path / "read.ps1"
    lines.write_text(json.dumps(sorted(filled)), encoding="utf-8")
    script.write_text(_READ, encoding="utf-8")
    done = subprocess.run(
        [pwsh, "-NoProfile", "-NonInteractive", "-File", str(script)],
        env={"MK_LINES": str(lines), "HOME": str(tmp_path), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    read = {one["line"]: one for one in json.loads(done.stdout)}

    assert set(read) == filled
    assert [line for line, one in read.items() if one["errors"]] == []
    for value in ("EXAMPLE\\o'brien", "CN=it's $(here)", "hv01.example"):
        assert any(value in one["texts"] for one in read.values()), value
