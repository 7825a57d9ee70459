"""Completion in PowerShell: click writes the scripts of bash, zsh and fish; this one is ours."""

from __future__ import annotations

import os
from typing import Any

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

_SCRIPT = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = $commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition }
    $words = @($before | ForEach-Object { $_.Extent.Text })
    if (-not $wordToComplete) { $words += '' }
    $kept = $env:COMP_WORDS, $env:COMP_CWORD, $env:%(complete_var)s
    try {
        $env:COMP_WORDS = $words -join "`n"
        $env:COMP_CWORD = [string]($words.Count - 1)
        $env:%(complete_var)s = 'powershell_complete'
        & $commandAst.GetCommandName() | ForEach-Object {
            $kind, $value, $help = $_ -split "`t", 3
            if ($kind -eq 'plain') {
                if (-not $help) { $help = $value }
                [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
            }
        }
    } finally {
        $env:COMP_WORDS, $env:COMP_CWORD, $env:%(complete_var)s = $kept
    }
}
"""


class PowerShellComplete(ShellComplete):
    """Words come one a line: PowerShell has parsed them already."""

    name = "powershell"
    source_template = _SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and what is typed of that."""
        words = [word.strip("'\"") for word in os.environ["COMP_WORDS"].split("\n")]
        place = int(os.environ["COMP_CWORD"])
        return words[1:place], words[place] if place < len(words) else ""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return kind, value and help, with tabs between."""
        return "\t".join((item.type, str(item.value), (item.help or "").replace("\n", " ")))


add_completion_class(PowerShellComplete)
