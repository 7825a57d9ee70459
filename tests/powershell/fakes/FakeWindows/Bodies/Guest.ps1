# Invoke-Command into a VM (PowerShell Direct) or a computer (WinRM). The session is a process that is that machine (../GuestSession.ps1),
# reached by the engine's own remoting, so objects, errors and streams are what remoting makes of them. All other uses are the engine's.
#
#   behaviour                                                                     | mark       | source
#   -VMId, -VMName of none or several: InvalidVMIdNotSingle, InvalidVMNameNotSingle | documented | docs/sources.md H10: PSRemotingCmdlet.cs
#   a VM that does not run: InvalidVMState; all of them InvalidArgument, not      | documented | the same
#     terminating, ArgumentException
#   no Hyper-V module: HyperVModuleNotAvailable, NotInstalled                     | documented | the same
#   a guest that boots or has no PowerShell Direct: PSRemotingDataStructureException, | observed | docs/sources.md H10: AzureStackHCI-EvalGuide#18
#     PSSessionStateBroken, OpenError
#   a rejected credential: PSDirectException, PSSessionStateBroken, OpenError     | documented | docs/sources.md H10
#   a blank password is rejected                                                  | uncertain  | documented for the network (H20)
#   a guest that dies during a call: PSRemotingTransportException, JobFailure     | observed   | microsoft/navcontainerhelper#1803; the engine's own
#   a setup at work: sessions come before it is complete                          | uncertain  | its credential is taken already
#   WinRM, nobody of this name: ComputerNotFound 2150859193                       | documented | docs/sources.md H18
#   ... an address that does not answer: WinRMOperationTimeout 2150859046         | documented | the same
#   ... no network between them, a public network of another subnet: the same     | not made   | every powered machine with the address answers
#   ... wrong credential: AccessDenied 5 (LogonFailure 1326 is as likely)         | observed   | docs/sources.md H18
#   a session is a new one each time: variables and modules do not stay           | documented | CmdletDocs Invoke-Command
#   several VMs or computers at once, -AsJob into a VM                            | not made   |

function New-FakeSessionError {
    # A session that was not had.
    param([hashtable]$Call, [string]$Target, [string]$Exception, [string]$Text, [long]$Code = 0, [string]$Word = '')

    $type = "System.Management.Automation.Remoting.$Exception"
    $id = $(if ($Word -eq '') { 'PSSessionStateBroken' } else { "$Word,PSSessionStateBroken" })
    $made = New-FakeError -Call $Call -Id $id -Category OpenError -Text $Text -Argument $Target -Target $Target -Exception $type
    if ($Code -ne 0) {
        $made.Exception.ErrorCode = [System.BitConverter]::ToInt32([System.BitConverter]::GetBytes($Code), 0)
    }
    return Set-FakeErrorId -Record $made -Id $id
}

function Test-FakeLogon {
    # Whether a machine takes this name and password: its own accounts, or those of its domain.
    param([hashtable]$World, [System.Collections.IDictionary]$Machine, [pscredential]$Credential)

    $account = ($Credential.UserName -replace '\A.*\\', '' -replace '@.*\z', '').ToLowerInvariant()
    $password = $Credential.GetNetworkCredential().Password
    if ($password -ne '' -and $Machine.accounts[$account] -ceq $password) {
        return $true
    }
    foreach ($domain in @(Get-FakeField -Row $World -Name 'domains')) {
        if ($domain -is [System.Collections.IDictionary] -and $domain.name -eq $Machine.domain -and $domain.user -eq $account -and $domain.password -ceq $password) {
            return $true
        }
    }
    return $false
}

function Find-FakeGuestByVm {
    # The machine in the VM that -VMId or -VMName means, or the error.
    param([hashtable]$Call)

    if ($Call.Machine.features['Hyper-V-PowerShell'] -ne 'Installed') {
        return New-FakeError -Call $Call -Id 'HyperVModuleNotAvailable' -Category NotInstalled -Text 'NoHyperVModule' -Exception 'System.ArgumentException'
    }
    $facts = @{ Call = $Call; Category = 'InvalidArgument'; Exception = 'System.ArgumentException' }
    if ($Call.Bound.ContainsKey('VMId')) {
        $wanted = [string]@($Call.Bound.VMId)[0]
        $rows = @($Call.Machine.vms.Values | Where-Object -FilterScript { [guid]$_.id -eq [guid]$wanted })
        $facts += @{ Id = 'InvalidVMIdNotSingle'; Text = 'SessionVmId'; Argument = $wanted }
    }
    else {
        $wanted = [string]@($Call.Bound.VMName)[0]
        $rows = @($Call.Machine.vms.Values | Where-Object -FilterScript { $_.name -eq $wanted })
        $facts += @{ Id = 'InvalidVMNameNotSingle'; Text = 'SessionVmName'; Argument = $wanted }
    }
    if ($rows.Count -ne 1) {
        return New-FakeError @facts
    }
    if ($rows[0].state -ne 'Running') {
        $facts.Id = 'InvalidVMState'
        $facts.Text = 'SessionVmState'
        $facts.Argument = $rows[0].name
        return New-FakeError @facts
    }
    $guest = $(if ($rows[0].machine -eq '') { $null } else { $Call.World.machines[$rows[0].machine] })
    if ($null -eq $guest -or -not (Test-FakeSession -World $Call.World -Machine $guest)) {
        return New-FakeSessionError -Call $Call -Target $rows[0].name -Exception 'PSRemotingDataStructureException' -Text 'SessionNotReady'
    }
    if (-not (Test-FakeLogon -World $Call.World -Machine $guest -Credential $Call.Bound.Credential)) {
        return New-FakeSessionError -Call $Call -Target $rows[0].name -Exception 'PSDirectException' -Text 'SessionCredential'
    }
    return @{ Uid = $guest.uid; Boots = [int]$guest.boots; Name = $rows[0].name }
}

function Find-FakeGuestByName {
    # The machine that a name or address means over the network, or the error.
    param([hashtable]$Call)

    $wanted = [string]@($Call.Bound.ComputerName)[0]
    $facts = @{ Call = $Call; Target = $wanted; Exception = 'PSRemotingTransportException' }
    foreach ($machine in $Call.World.machines.Values) {
        $names = @($machine.computer_name, "$($machine.computer_name).$($machine.domain)") + @($machine.addresses | ForEach-Object -Process { $_.address })
        if ($names -notcontains $wanted) {
            continue
        }
        if (-not (Test-FakeSession -World $Call.World -Machine $machine) -or -not $machine.setup_complete) {
            break
        }
        if (-not (Test-FakeLogon -World $Call.World -Machine $machine -Credential $Call.Bound.Credential)) {
            return New-FakeSessionError @facts -Code 5 -Word 'AccessDenied' -Text 'AccessDenied'
        }
        return @{ Uid = $machine.uid; Boots = [int]$machine.boots; Name = $wanted }
    }
    if ($wanted -match '\A[0-9.]+\z') {
        return New-FakeSessionError @facts -Code 2150859046 -Word 'WinRMOperationTimeout' -Text 'WinRmTimeout'
    }
    return New-FakeSessionError @facts -Code 2150859193 -Word 'ComputerNotFound' -Text 'WinRmNoName'
}

function Find-FakeTarget {
    # The machine of a call, or the error; sometimes the session breaks at once (fault flaky_guest: every n-th).
    param([hashtable]$Call)

    $found = $(if ($Call.Bound.ContainsKey('ComputerName')) { Find-FakeGuestByName -Call $Call } else { Find-FakeGuestByVm -Call $Call })
    if ($found -isnot [hashtable]) {
        return $found
    }
    if ($Call.World.faults.Contains('flaky_guest')) {
        $machine = $Call.World.machines[$found.Uid]
        $machine.sessions = 1 + [int]('0' + (Get-FakeField -Row $machine -Name 'sessions'))
        if ($machine.sessions % $Call.World.faults.flaky_guest -eq 0) {
            return New-FakeSessionError -Call $Call -Target $found.Name -Exception 'PSRemotingDataStructureException' -Text 'SessionNotReady'
        }
    }
    $found.Refused = $Call.World.faults.Contains('module_refused')
    return $found
}

Add-FakeBody -Name 'Invoke-Command' -WithoutWorld -Body {
    param($Call)

    $names = 'VMId', 'VMName', 'ComputerName'
    if (@($names | Where-Object -FilterScript { $Call.Bound.ContainsKey($_) }).Count -eq 0 -or $Call.Bound.ContainsKey('AsJob')) {
        $bound = $Call.Bound
        return Microsoft.PowerShell.Core\Invoke-Command @bound
    }
    $target = Use-FakeWorld -Argument $Call -Body {
        param($World, $Call)
        $Call.World = $World
        $Call.Machine = $World.machines[$env:MATRYOSHKA_FAKE_MACHINE]
        $fault = Get-FakeFault -Call $Call
        if ($null -ne $fault) {
            return $fault
        }
        return Find-FakeTarget -Call $Call
    }
    if ($target -isnot [hashtable]) {
        return $target
    }
    $inner = @{}
    foreach ($name in 'ScriptBlock', 'ArgumentList', 'InputObject', 'HideComputerName') {
        if ($Call.Bound.ContainsKey($name)) {
            $inner[$name] = $Call.Bound[$name]
        }
    }
    if ($Call.Bound.ContainsKey('FilePath')) {
        $inner.ScriptBlock = [scriptblock]::Create([System.IO.File]::ReadAllText($Call.Bound.FilePath))
    }
    $entry = Open-FakeSession -Target $target
    try {
        Invoke-FakeSession -Cmdlet $Call.Cmdlet -Entry $entry -Bound $inner -Name $target.Name
    }
    finally {
        Exit-FakeSession -Entry $entry
    }
}
