function Set-MkHostEntry {
    # Puts these names into the hosts file in place of those that we put there before; whether the file had to be changed.
    # Our lines carry a mark; all others stay.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$HostEntries
    )
    if ($HostEntries.Count -eq 0) {
        return $false
    }
    $path = Get-MkHostsPath
    $before = [string](Read-MkText -Path $path)
    $lines = New-Object -TypeName 'System.Collections.Generic.List[string]'
    foreach ($line in $before.TrimEnd("`r", "`n").Split("`n")) {
        if ($line -notmatch '# matryoshka\s*\z') {
            $lines.Add($line.TrimEnd("`r"))
        }
    }
    foreach ($name in @($HostEntries.Keys | Sort-Object)) {
        $lines.Add(('{0} {1} # matryoshka' -f $HostEntries[$name], $name))
    }
    $after = [string]::Join("`r`n", $lines.ToArray()) + "`r`n"
    if ($after -ceq $before) {
        return $false
    }
    Write-MkText -Path $path -Text $after
    return $true
}
