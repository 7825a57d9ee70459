# Part of Install-Matryoshka.ps1, which runs it: its parameters and $PSCmdlet are seen here.
function Get-RestartMark {
    # The file that says that WinRM still has to be restarted.
    return [System.IO.Path]::Combine((Get-ModuleFolder), 'restart-winrm.txt')
}

function Request-Restart {
    # Notes that WinRM does not know its new settings yet.
    [System.IO.File]::WriteAllText((Get-RestartMark), 'Install-Matryoshka.ps1 changed the endpoint: WinRM must be restarted.')
}

function Test-RestartNeeded {
    # Whether a restart was noted and neither this script nor a restart of the machine has done it since.
    $mark = Get-RestartMark
    if (-not [System.IO.File]::Exists($mark)) {
        return $false
    }
    $booted = (Get-CimInstance -ClassName 'Win32_OperatingSystem' -ErrorAction Stop).LastBootUpTime
    return [System.IO.File]::GetLastWriteTimeUtc($mark) -gt $booted.ToUniversalTime()
}

function Test-CallRunning {
    # Whether a journaled call runs on this host: its process holds the call's lock file.
    $folder = [System.IO.Path]::Combine($env:ProgramData, 'Matryoshka', 'journal')
    if (-not [System.IO.Directory]::Exists($folder)) {
        return $false
    }
    foreach ($path in [System.IO.Directory]::GetFiles($folder, '*.lock')) {
        try {
            [System.IO.File]::Open($path, 'Open', 'ReadWrite', 'None').Dispose()
        }
        catch [System.IO.FileNotFoundException] {
            continue
        }
        catch [System.IO.IOException] {
            return $true
        }
    }
    return $false
}

function Complete-Restart {
    # Restarts WinRM, if that is needed, asked for, and cuts no call; else says that it is still to be done. The last thing that
    # is done: whoever runs this script over WinRM loses the session with it.
    if (-not (Test-RestartNeeded)) {
        Write-Row -What 'RestartWinRM' -Value 'not needed' -Changed $false
        return
    }
    if (-not $RestartWinRM) {
        Write-Warning -Message 'The endpoint answers after a restart of WinRM, which cuts every remote session: -RestartWinRM does it.'
        Write-Row -What 'RestartWinRM' -Value 'needed' -Changed $false
        return
    }
    if (Test-CallRunning) {
        Write-Warning -Message 'A call of a worker runs on this host: WinRM was not restarted. Run this again when it has ended.'
        Write-Row -What 'RestartWinRM' -Value 'deferred' -Changed $false
        return
    }
    if (-not $PSCmdlet.ShouldProcess('WinRM', 'Restart service: cuts every remote session')) {
        Write-Row -What 'RestartWinRM' -Value 'needed' -Changed $false
        return
    }
    [System.IO.File]::Delete((Get-RestartMark))
    Write-Row -What 'RestartWinRM' -Value 'done' -Changed $true
    try {
        Restart-Service -Name 'WinRM' -Force -ErrorAction Stop
    }
    catch {
        Request-Restart
        throw
    }
}
