# Sessions into a machine: another engine process that is that machine, reached by the engine's own remoting. A session costs a process,
# so a process keeps those that it opened, for the next call into the same boot; between calls it is made new again (GuestInside.ps1).
# A process ends with its machine's boot and with the process that opened it.

$script:FakePoolName = 'FakeWindows.Guests'
$script:FakePoolSize = 6
$script:FakeInside = [System.IO.Path]::Combine($PSScriptRoot, 'GuestInside.ps1')
$script:FakeFlags = [System.Reflection.BindingFlags]'NonPublic, Public, Instance'

function Get-FakePool {
    # The open sessions of this process, whichever runspace opened them.
    $domain = [System.AppDomain]::CurrentDomain
    [System.Threading.Monitor]::Enter($domain)
    try {
        if ($null -eq $domain.GetData($script:FakePoolName)) {
            $domain.SetData($script:FakePoolName, [System.Collections.Generic.List[hashtable]]::new())
        }
        return , $domain.GetData($script:FakePoolName)
    }
    finally {
        [System.Threading.Monitor]::Exit($domain)
    }
}

function Get-FakeMember {
    # A field or property of an object that the engine keeps to itself.
    param([object]$From, [string]$Name)

    for ($type = $From.GetType(); $null -ne $type; $type = $type.BaseType) {
        $field = $type.GetField($Name, $script:FakeFlags)
        if ($null -ne $field) {
            return , $field.GetValue($From)
        }
        $property = $type.GetProperty($Name, $script:FakeFlags)
        if ($null -ne $property) {
            return , $property.GetValue($From)
        }
    }
    throw "$($From.GetType()) has no $Name."
}

function New-FakeSession {
    # A new engine process and a session into it.
    $instance = [System.Management.Automation.Runspaces.PowerShellProcessInstance]::new()
    $instance.Process.StartInfo.FileName = [System.Environment]::ProcessPath
    $instance.Process.StartInfo.WorkingDirectory = [System.Environment]::CurrentDirectory
    $runspace = [System.Management.Automation.Runspaces.RunspaceFactory]::CreateOutOfProcessRunspace($null, $instance)
    $runspace.Open()
    $pool = Get-FakeMember -From (Get-FakeMember -From $runspace -Name 'RunspacePool') -Name 'RemoteRunspacePoolInternal'
    $transport = Get-FakeMember -From (Get-FakeMember -From $pool -Name 'DataStructureHandler') -Name 'TransportManager'
    return @{
        World = ''; Machine = ''; Boots = -1; Busy = $true; Used = [datetime]::MinValue; Process = $instance.Process; Instance = $instance; Runspace = $runspace
        Session = [System.Management.Automation.Runspaces.PSSession]::Create($runspace, 'VMBus', $null)
        Timer = Get-FakeMember -From $transport -Name '_closeTimeOutTimer'
    }
}

function Open-FakeSession {
    # A session that is a machine in its present boot: a kept one, one of a world that is gone, or a new one.
    param([hashtable]$Target)

    $machine = $Target.Uid
    $boots = $Target.Boots
    $pool = Get-FakePool
    $chosen = $null
    $stale = @()
    [System.Threading.Monitor]::Enter($pool)
    try {
        $free = @($pool | Where-Object -FilterScript { -not $_.Busy })
        $chosen = $free | Where-Object -FilterScript { $_.World -eq $env:MATRYOSHKA_FAKE_WORLD -and $_.Machine -eq $machine -and $_.Boots -eq $boots -and -not $_.Process.HasExited } | Select-Object -First 1
        if ($null -eq $chosen) {
            $chosen = $free | Where-Object -FilterScript { $_.World -ne $env:MATRYOSHKA_FAKE_WORLD -and -not $_.Process.HasExited } | Select-Object -First 1
        }
        $stale = @($free | Where-Object -FilterScript { $_ -ne $chosen -and ($_.Process.HasExited -or ($_.Machine -eq $machine -and $_.Boots -ne $boots)) })
        if ($null -eq $chosen -and $pool.Count - $stale.Count -ge $script:FakePoolSize) {
            $stale += @($free | Where-Object -FilterScript { $stale -notcontains $_ } | Sort-Object -Property { $_.Used } | Select-Object -First 1)
        }
        foreach ($one in $stale) {
            $null = $pool.Remove($one)
        }
        if ($null -ne $chosen) {
            $chosen.Busy = $true
        }
    }
    finally {
        [System.Threading.Monitor]::Exit($pool)
    }
    foreach ($one in $stale) {
        Close-FakeSession -Entry $one
    }
    if ($null -eq $chosen) {
        $chosen = New-FakeSession
        [System.Threading.Monitor]::Enter($pool)
        $pool.Add($chosen)
        [System.Threading.Monitor]::Exit($pool)
    }
    $chosen.World = $env:MATRYOSHKA_FAKE_WORLD
    $chosen.Machine = $machine
    $chosen.Boots = $boots
    try {
        Enter-FakeMachine -Entry $chosen -Refused $Target.Refused
    }
    catch {
        $chosen.Process.Kill()
        Exit-FakeSession -Entry $chosen
        throw
    }
    return $chosen
}

function Enter-FakeMachine {
    # The process behind a session becomes a machine, as if its session were new.
    param([hashtable]$Entry, [bool]$Refused)

    $shell = [powershell]::Create()
    try {
        $shell.Runspace = $Entry.Runspace
        $facts = @{
            World = $Entry.World; Machine = $Entry.Machine; Boots = $Entry.Boots; Modules = $env:MATRYOSHKA_FAKE_MODULES; Caller = $PID
            Folder = Get-FakeMachineFolder -Uid $Entry.Machine; Home = $PSScriptRoot; Refused = $Refused; Script = $script:FakeInside
        }
        $null = $shell.AddScript('param($Facts) . $Facts.Script -Facts $Facts', $false).AddParameter('Facts', $facts).Invoke()
        if ($shell.Streams.Error.Count -gt 0) {
            throw "The guest $($Entry.Machine) did not come up: $($shell.Streams.Error[0]) $($shell.Streams.Error[0].ScriptStackTrace)"
        }
    }
    finally {
        $shell.Dispose()
    }
}

function Close-FakeSession {
    # Ends a session and its process.
    param([hashtable]$Entry)

    if (-not $Entry.Process.HasExited) {
        $Entry.Process.Kill()
        $null = $Entry.Process.WaitForExit(5000)
    }
    # The engine would wait a minute for the dead process to say goodbye.
    $null = $Entry.Timer.Change(0, -1)
    $Entry.Runspace.CloseAsync()
    $null = $Entry.Timer.Change(0, -1)
    $Entry.Instance.Dispose()
}

function Exit-FakeSession {
    # A session goes back for the next call, unless its process died.
    param([hashtable]$Entry)

    if ($Entry.Process.HasExited -or $Entry.Runspace.RunspaceStateInfo.State -ne 'Opened') {
        $pool = Get-FakePool
        [System.Threading.Monitor]::Enter($pool)
        $null = $pool.Remove($Entry)
        [System.Threading.Monitor]::Exit($pool)
        Close-FakeSession -Entry $Entry
        return
    }
    $Entry.Used = [datetime]::UtcNow
    $Entry.Busy = $false
}

function Invoke-FakeSession {
    # Runs a script block in a session as Invoke-Command does, and puts out what comes back: objects, ErrorRecords, WarningRecords.
    # The other streams are the cmdlet's at once.
    param([System.Management.Automation.PSCmdlet]$Cmdlet, [hashtable]$Entry, [hashtable]$Bound, [string]$Name)

    $job = Microsoft.PowerShell.Core\Invoke-Command -Session $Entry.Session -AsJob @Bound
    try {
        $child = $job.ChildJobs[0]
        while (-not $job.Finished.WaitOne(20)) {
            Read-FakeResult -Cmdlet $Cmdlet -Job $child -Name $Name
            if ($Entry.Process.HasExited) {
                $null = $Entry.Timer.Change(0, -1)
            }
        }
        Read-FakeResult -Cmdlet $Cmdlet -Job $child -Name $Name
        # What ended the job, where that is not in the results.
        foreach ($record in Microsoft.PowerShell.Core\Receive-Job -Job $job -ErrorAction Continue 2>&1) {
            Set-FakeErrorId -Record $record -Id $record.FullyQualifiedErrorId
        }
    }
    finally {
        if (-not $job.Finished.WaitOne(0)) {
            Stop-FakeJob -Job $job -Entry $Entry
        }
        Microsoft.PowerShell.Core\Remove-Job -Job $job -Force
    }
}

function Set-FakeErrorId {
    # The record with an id that stays as it is: errors of a session have no cmdlet's class at the end.
    param([System.Management.Automation.ErrorRecord]$Record, [string]$Id)

    $field = [System.Management.Automation.ErrorRecord].GetField('_serializedFullyQualifiedErrorId', $script:FakeFlags)
    $field.SetValue($Record, $Id)
    return $Record
}

function Stop-FakeJob {
    # The caller was stopped: so is what runs in the guest.
    param([System.Management.Automation.Job]$Job, [hashtable]$Entry)

    $null = $Job.ChildJobs[0].StopJobAsync()
    if (-not $Job.Finished.WaitOne(5000)) {
        $Entry.Process.Kill()
        $null = $Entry.Process.WaitForExit(5000)
        while (-not $Job.Finished.WaitOne(20)) {
            $null = $Entry.Timer.Change(0, -1)
        }
    }
}

function Read-FakeResult {
    # What has come back so far.
    param([System.Management.Automation.PSCmdlet]$Cmdlet, [System.Management.Automation.Job]$Job, [string]$Name)

    foreach ($record in $Job.Verbose.ReadAll()) {
        $Cmdlet.WriteVerbose($record.Message)
    }
    foreach ($record in $Job.Debug.ReadAll()) {
        $Cmdlet.WriteDebug($record.Message)
    }
    foreach ($record in $Job.Progress.ReadAll()) {
        $Cmdlet.WriteProgress($record)
    }
    foreach ($item in (Get-FakeMember -From $Job -Name 'Results').ReadAll()) {
        $value = Get-FakeMember -From $item -Name 'Value'
        switch ([string]$item.ObjectType) {
            'Output' {
                if ($null -ne $value -and $null -ne $value.PSObject.Properties['PSComputerName']) {
                    $value.PSComputerName = $Name
                }
                $value
            }
            'Error' { $value }
            'Warning' { [System.Management.Automation.WarningRecord]::new([string]$value) }
            'WarningRecord' { $value }
            'Information' { $Cmdlet.WriteInformation($value) }
            default { $item.WriteStreamObject($Cmdlet) }
        }
    }
}
