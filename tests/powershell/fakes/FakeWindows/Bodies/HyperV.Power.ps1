# Start-VM and Stop-VM. What happens inside is the guest's: Start-FakeGuest and Stop-FakeGuest (../Guest.ps1).
#
#   behaviour                                                                     | mark       | source
#   Start-VM of a running VM, Stop-VM of one that is off: only a warning          | observed   | docs/sources.md H9
#   no hypervisor at this level: OperationFailed, NotSpecified                    | observed   | kubernetes/minikube#6601, #15378
#   exposed extensions on a platform that cannot nest are refused at the start    | observed   | docs/sources.md H3; U for the id OperationFailed
#   which platforms nest: Intel from version 8.0, AMD from build 20348 and 9.3    | documented | docs/sources.md H3
#   too little memory: OutOfMemory, FromStdErr                                    | observed   | docs/sources.md H12
#   what Windows itself uses of it: 1 GiB, or a quarter if that is less           | uncertain  | an estimate
#   a disk that is mounted or in another running VM: refused, text 0x800700AA or  | observed   | docs/sources.md H9, docker/for-win#5347
#     0x80070020
#     ... with the id OperationFailed, NotSpecified                               | uncertain  | by analogy: other failed starts have it
#   a disk file that is gone: ObjectNotFound                                      | uncertain  | WMI's return code 32779, as New-VM with 0x80070003
#   a dynamic MAC address is given at the first start                             | uncertain  | seen; no page says when
#   Start-VM of a saved or paused VM goes on where it was                         | documented | CmdletDocs Start-VM
#   Stop-VM asks the guest, with -Force without questions, -TurnOff cuts power    | documented | CmdletDocs Stop-VM
#   plain Stop-VM of a guest that does not answer asks; where nobody can answer:  | observed   | public minikube logs: InvalidOperation,...StopVM
#     InvalidOperation
#   Stop-VM -Force of a guest that does not answer turns it off                   | uncertain  | its question offers that
#   Stop-VM of a saved VM: InvalidState                                           | uncertain  | Hyper-V Manager offers only to delete the state

$script:WindowsOwnMib = 1024

function Test-FakeNests {
    # Whether this platform starts this VM with exposed extensions.
    param([hashtable]$Call, [System.Collections.IDictionary]$Vm)

    if ($Call.Machine.cpu.vendor -eq 'AuthenticAMD') {
        return [int]$Call.Machine.os_build -ge 20348 -and [version]$Vm.version -ge [version]'9.3'
    }
    return [version]$Vm.version -ge [version]'8.0'
}

function Test-FakeDiskBusy {
    # Whether somebody else holds a VM's disk: mounted in the host, or in another VM that runs.
    param([hashtable]$Call, [System.Collections.IDictionary]$Vm, [string]$Path)

    $vhd = $Call.Machine.vhds[$Path.ToLowerInvariant()]
    if ($null -ne $vhd -and $vhd.attached) {
        return $true
    }
    foreach ($other in $Call.Machine.vms.Values) {
        if ($other.id -ne $Vm.id -and 'Running', 'Paused' -contains $other.state -and @($other.drives | ForEach-Object -Process { $_.path }) -contains $Path) {
            return $true
        }
    }
    return $false
}

function Get-FakeStartRefusal {
    # Why a VM does not start; $null when it does.
    param([hashtable]$Call, [System.Collections.IDictionary]$Vm)

    $failed = @{ Call = $Call; Id = 'OperationFailed'; Category = 'NotSpecified' }
    if (-not $Call.Machine.hypervisor_running) {
        return New-FakeVmError @failed -Text 'StartNoHypervisor' -Argument @($Vm.name, $Vm.id)
    }
    if ($Vm.exposed -and -not (Test-FakeNests -Call $Call -Vm $Vm)) {
        return New-FakeVmError @failed -Text 'StartNoNesting' -Argument @($Vm.name, $Vm.id)
    }
    foreach ($drive in $Vm.drives) {
        if (-not [System.IO.File]::Exists($drive.path)) {
            return New-FakeVmError -Call $Call -Id 'ObjectNotFound' -Category ObjectNotFound -Text 'StartNoDisk' -Argument @($Vm.name, $Vm.id, $drive.path)
        }
        if (Test-FakeDiskBusy -Call $Call -Vm $Vm -Path $drive.path) {
            return New-FakeVmError @failed -Text 'StartDiskBusy' -Argument @($Vm.name, $Vm.id, $drive.path)
        }
    }
    $running = 0L
    foreach ($other in $Call.Machine.vms.Values) {
        $running += [long]$other.memory_assigned
    }
    $own = [System.Math]::Min($script:WindowsOwnMib, $Call.Machine.memory_mib / 4) * 1mb
    if ($Vm.memory_startup -gt $Call.Machine.memory_mib * 1mb - $own - $running) {
        return New-FakeVmError -Call $Call -Id 'OutOfMemory' -Category FromStdErr -Text 'StartNoMemory' -Argument @($Vm.name, $Vm.id, ($Vm.memory_startup / 1mb))
    }
    return $null
}

function Set-FakePower {
    # A VM gets power: its memory, the addresses of its adapters, its guest.
    param([hashtable]$Call, [System.Collections.IDictionary]$Vm)

    $before = $Vm.state
    $Vm.state = 'Running'
    $Vm.memory_assigned = $Vm.memory_startup
    $Vm.started_at = Get-FakeNow
    foreach ($adapter in $Vm.adapters) {
        if ($adapter.mac -eq '000000000000') {
            $Call.World.sequence++
            $adapter.mac = '00155D{0:X6}' -f ($Call.World.sequence -band 0xFFFFFF)
        }
    }
    if ($before -eq 'Off') {
        if (Get-Command -Name 'Start-FakeGuest' -ErrorAction Ignore) {
            Start-FakeGuest -World $Call.World -Vm $Vm
        }
    }
    elseif ($Vm.machine -ne '') {
        $Call.World.machines[$Vm.machine].powered = $true
    }
}

function Clear-FakePower {
    # A VM loses its power: State is Off or Saved.
    param([hashtable]$Call, [System.Collections.IDictionary]$Vm, [string]$State)

    if ($State -eq 'Off' -and (Get-Command -Name 'Stop-FakeGuest' -ErrorAction Ignore)) {
        Stop-FakeGuest -World $Call.World -Vm $Vm
    }
    elseif ($Vm.machine -ne '') {
        $Call.World.machines[$Vm.machine].powered = $false
    }
    $Vm.state = $State
    $Vm.memory_assigned = 0
    $Vm.started_at = ''
}

Add-FakeBody -Name 'Start-VM' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'VM', 'Name', 'Passthru'
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
            continue
        }
        if ($row.state -eq 'Running') {
            New-FakeWarning -Call $Call -Text 'AlreadyInState'
        }
        elseif (Test-FakeShould -Call $Call -Target $row.name) {
            if ($row.state -ne 'Paused') {
                $refusal = Get-FakeStartRefusal -Call $Call -Vm $row
            }
            if ($null -ne $refusal) {
                $refusal
                $refusal = $null
                continue
            }
            Set-FakePower -Call $Call -Vm $row
            Add-FakeCall -Call $Call -Target $row.name
        }
        if ($Call.Bound['Passthru']) {
            ConvertTo-FakeVm -Call $Call -Row $row
        }
    }
}

Add-FakeBody -Name 'Stop-VM' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'VM', 'Name', 'Save', 'TurnOff', 'Force', 'Passthru'
    if ($null -ne $refusal) {
        return $refusal
    }
    $bound = $Call.Bound
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
            continue
        }
        if ($row.state -eq 'Off') {
            New-FakeWarning -Call $Call -Text 'AlreadyInState'
        }
        elseif ($row.state -eq 'Saved') {
            New-FakeWrongState -Call $Call -Vm $row
            continue
        }
        elseif (Test-FakeShould -Call $Call -Target $row.name) {
            $isAsked = -not $bound['TurnOff'] -and -not $bound['Save'] -and -not (Test-FakeGuestAnswers -World $Call.World -Vm $row)
            $refusal = $null
            if ($isAsked) {
                $refusal = Get-FakeUnasked -Call $Call
            }
            if ($null -ne $refusal) {
                return $refusal
            }
            Clear-FakePower -Call $Call -Vm $row -State $(if ($bound['Save']) { 'Saved' } else { 'Off' })
            Add-FakeCall -Call $Call -Target $row.name
        }
        if ($bound['Passthru']) {
            ConvertTo-FakeVm -Call $Call -Row $row
        }
    }
}
