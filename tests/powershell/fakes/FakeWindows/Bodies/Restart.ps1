# Restarts, domain membership, and the one program that is started.
#
#   behaviour                                                                     | mark       | source
#   shutdown.exe /r /t n plans a restart after n seconds; exit code 0             | documented | Microsoft Learn, shutdown
#     one is planned already: 1190; one is under way: 1115                        | documented | Win32 system error codes
#   Restart-Computer restarts at once; -Wait is refused for the own computer      | documented | PSDocs Restart-Computer
#   whoever is no administrator: exit code 5, PermissionDenied                    | uncertain  | rights of network users
#   Add-Computer needs the domain's name server and an account that may join      | documented | PSDocs Add-Computer
#     else FailToJoinDomainFromWorkgroup, OperationStopped,                       | observed   | PSSource ComputerCommands; public logs
#     InvalidOperationException, target the computer's name, not terminating
#   membership comes into force with a restart; until then Netlogon\JoinDomain    | observed   | public scripts that look for pending restarts
#   a warning says so                                                             | documented | PSDocs Add-Computer
#   other programs                                                                | -          | the engine starts them itself

function Set-FakeRestart {
    # Plans a restart; the exit code of shutdown.exe.
    param([hashtable]$Call, [double]$Seconds)

    $planned = Get-FakeField -Row $Call.Machine -Name 'restart_at'
    if (-not $Call.Machine.is_admin) {
        return 5
    }
    if ($planned -ne '') {
        return 1190
    }
    $Call.Machine.restart_at = Get-FakeMoment -From ([datetime]::UtcNow) -Seconds $Seconds
    $Call.World.calls += , @($Call.Machine.uid, $Call.Name, 'restart')
    return 0
}

Add-FakeBody -Name 'Start-Process' -WithoutWorld -Body {
    param($Call)
    if ([System.IO.Path]::GetFileNameWithoutExtension([string]$Call.Bound.FilePath) -ne 'shutdown') {
        return Invoke-FakeOwn -Call $Call
    }
    Use-FakeWorld -Argument $Call -Body {
        param($World, $Call)
        $Call.World = $World
        $Call.Machine = $World.machines[$env:MATRYOSHKA_FAKE_MACHINE]
        $fault = Get-FakeFault -Call $Call
        if ($null -ne $fault) {
            return $fault
        }
        $words = @($Call.Bound.ArgumentList)
        $at = [array]::IndexOf($words, '/t')
        if ($words -notcontains '/r' -or $at -lt 0) {
            throw 'The pretended shutdown.exe knows /r /t only.'
        }
        $code = Set-FakeRestart -Call $Call -Seconds ([double]$words[$at + 1])
        if ($Call.Bound['PassThru']) {
            New-FakeRow -TypeName 'System.Diagnostics.Process' -Property ([ordered]@{ Id = 4711; HasExited = $true; ExitCode = [int]$code; ProcessName = 'shutdown' })
        }
    }
}

Add-FakeBody -Name 'Restart-Computer' -Body {
    param($Call)
    if ($Call.Bound['Wait']) {
        return New-FakeError -Call $Call -Id 'CannotWaitLocalComputer' -Category InvalidOperation -Text 'RestartNoWait' -Exception 'System.InvalidOperationException'
    }
    if (Test-FakeShould -Call $Call -Target $Call.Machine.computer_name) {
        $code = Set-FakeRestart -Call $Call -Seconds 0
        if ($code -ne 0) {
            New-FakeError -Call $Call -Id 'RestartcomputerFailed' -Category OperationStopped -Text 'AccessDenied' -Target $Call.Machine.computer_name -Exception 'System.InvalidOperationException'
        }
    }
}

Add-FakeBody -Name 'Add-Computer' -Body {
    param($Call)
    $domains = @(@(Get-FakeField -Row $Call.World -Name 'domains') | Where-Object -FilterScript { $_ -is [System.Collections.IDictionary] -and $_.name -eq $Call.Bound.DomainName })
    $asksDns = @($Call.Machine.dns.Values | ForEach-Object -Process { $_ } | Where-Object -FilterScript { $_ }).Count -gt 0
    $account = ($Call.Bound.Credential.UserName -replace '\A.*\\', '' -replace '@.*\z', '')
    $password = $Call.Bound.Credential.GetNetworkCredential().Password
    $why = ''
    if ($domains.Count -eq 0 -or -not $asksDns) {
        $why = 'JoinNoDomain'
    }
    elseif ($domains[0].user -ne $account -or $domains[0].password -cne $password) {
        $why = 'JoinNoAccount'
    }
    if ($why -ne '') {
        $facts = @{ Id = 'FailToJoinDomainFromWorkgroup'; Category = 'OperationStopped'; Text = $why; Target = $Call.Machine.computer_name; Argument = @($Call.Machine.computer_name, $Call.Bound.DomainName) }
        return New-FakeError -Call $Call @facts -Exception 'System.InvalidOperationException'
    }
    if (Test-FakeShould -Call $Call -Target $Call.Machine.computer_name) {
        $Call.Machine.pending_domain = $domains[0].name
        $Call.Machine.registry['HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon'] = @{ JoinDomain = $domains[0].name }
        $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $Call.Bound.DomainName)
        New-FakeWarning -Call $Call -Text 'JoinRestart' -Argument $Call.Machine.computer_name
    }
}
