function Set-NestedThing {
    # A function that changes something: it leaves a mark each time it runs.
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Mode = 'ok', [int]$Seconds = 0, [int]$Size = 1, [securestring]$Secret)

    [System.IO.File]::AppendAllText($env:MK_MARK, "$PID`n")
    Write-Warning -Message 'the thing warns'
    Start-Sleep -Seconds $Seconds
    while ($Mode -eq 'wait' -and -not [System.IO.File]::Exists("$env:MK_MARK.go")) {
        Start-Sleep -Milliseconds 50
    }
    if ($Mode -eq 'own') {
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'VmNotOff' -Category InvalidOperation -Message "no: $(ConvertTo-MkPlainText -Secret $Secret)" -TargetObject 'the thing'
    }
    if ($Mode -eq 'theirs') {
        Get-Item -LiteralPath '/nowhere/at/all'
    }
    return [pscustomobject]@{ Mode = $Mode; Text = 'x' * $Size }
}
