# Virtual machines: read, make, change, remove; checkpoints; the host itself. Power is in HyperV.Power.ps1, devices in HyperV.Device.ps1.
#
#   behaviour                                                                     | mark       | source
#   New-VM with a taken name makes a second VM                                    | observed   | docs/sources.md H9
#   New-VM: 512 MiB unless told, generation 1 unless told                         | documented | CmdletDocs New-VM
#   ... one processor, static memory, StartIfRunning, Save, production checkpoints| observed   | defaults seen in public outputs of Get-VM
#   ... automatic checkpoints on, from build 16299, which brought them            | uncertain  | so on clients; the worse case for callers
#   ... an adapter 'Network Adapter', its dynamic address 000000000000 until the  | observed   | docs/sources.md H9; U for the address
#       first start
#   ... the disk at SCSI 0:0, of generation 1 at IDE 0:0                          | observed   | TFHV vm/new.ps1
#   ... the DVD drive of generation 1                                             | not made   |
#   ... the configuration is in <Path>\<Name>                                     | observed   | public outputs of Get-VM
#   ... switch absent: InvalidParameter, InvalidArgument                          | observed   | VirtualEngine/Lability#40
#   ... disk absent: ObjectNotFound, ObjectNotFound; nothing is made              | uncertain  | a missing path of its own is: Easy-GPU-PV#449
#   ... a version that the host does not have: InvalidParameter, InvalidArgument  | uncertain  | by analogy
#   Set-VM: processors and memory need the VM off                                 | uncertain  | docs/sources.md H9 for the extensions
#   ... automatic start and stop actions too                                      | observed   | dsccommunity/HyperVDsc#216
#   ... notes and checkpoint settings do not                                      | documented | CmdletDocs Set-VM, by silence
#   Remove-VM keeps the disks, and asks unless -Force                             | documented | CmdletDocs Remove-VM
#   Remove-VM of a running VM is an error                                         | observed   | docs/sources.md H9; U for its id
#   Remove-VM of a saved VM takes it with its saved state                         | uncertain  | Hyper-V Manager does
#   Get-VMSnapshot of a VM without checkpoints is empty; of an absent name an     | observed   | canonical/multipass#3748
#     error ObjectNotFound
#   versions that a host runs, and which is its default                           | documented | docs/sources.md H3
#   Get-VMHostSupportedVersion lists 254.0 and 255.0 too                          | observed   | jamesstringer90/Easy-GPU-PV#406; U for the names

$script:VmVersions = @{
    14393 = '5.0', '6.2', '7.0', '7.1', '8.0'
    17763 = '5.0', '6.2', '7.0', '7.1', '8.0', '8.1', '8.2', '8.3', '9.0'
    20348 = '8.0', '8.1', '8.2', '8.3', '9.0', '9.1', '9.2', '9.3', '10.0'
    26100 = '8.0', '8.1', '8.2', '8.3', '9.0', '9.1', '9.2', '9.3', '10.0', '11.0', '12.0'
}
$script:VmSettings = @{
    AutomaticStartAction        = 'start_action'
    AutomaticStopAction         = 'stop_action'
    AutomaticCheckpointsEnabled = 'automatic_checkpoints'
    CheckpointType              = 'checkpoint_type'
    Notes                       = 'notes'
    NewVMName                   = 'name'
    ProcessorCount              = 'processor_count'
    MemoryStartupBytes          = 'memory_startup'
}

function New-FakeVmAdapter {
    # The row of a new adapter.
    param([hashtable]$Call, [string]$Name, [string]$Switch = '', [string]$Mac = '')

    $row = @{ id = New-FakeId -World $Call.World; name = $Name; switch = $Switch; mac = '000000000000'; static = $false; spoofing = $false }
    if ($Mac -ne '') {
        $row.mac = $Mac
        $row.static = $true
    }
    return $row
}

function Get-FakeNewVmRefusal {
    # Why New-VM makes nothing; $null when it can.
    param([hashtable]$Call, [string]$Version, [object]$Switch)

    $bound = $Call.Bound
    if ($Switch -is [System.Management.Automation.ErrorRecord]) {
        return $Switch
    }
    if ($script:VmVersions[[int]$Call.Machine.os_build] -notcontains $Version) {
        return New-FakeVmError -Call $Call -Id 'InvalidParameter' -Category InvalidArgument -Text 'VmVersion' -Argument $Version
    }
    if ($bound.ContainsKey('VHDPath') -and -not [System.IO.File]::Exists($bound.VHDPath)) {
        return New-FakeVmError -Call $Call -Id 'ObjectNotFound' -Category ObjectNotFound -Text 'VmNoDisk' -Argument @($bound.Name, $bound.VHDPath)
    }
    return $null
}

function New-FakeVmRow {
    # The row of a new VM as New-VM's parameters want it.
    param([hashtable]$Call, [hashtable]$Setting, [string]$Version, [string]$Switch)

    $row = @{
        id = New-FakeId -World $Call.World; name = $Setting.Name; state = 'Off'; notes = ''; generation = [int]$Setting.Generation; version = $Version
        processor_count = 1; memory_startup = [long]$Setting.MemoryStartupBytes; memory_assigned = 0; dynamic_memory = $false; exposed = $false
        automatic_checkpoints = [int]$Call.Machine.os_build -ge 16299; start_action = 'StartIfRunning'; stop_action = 'Save'; path = $Setting.Path; started_at = ''
        adapters = @(New-FakeVmAdapter -Call $Call -Name 'Network Adapter' -Switch $Switch); drives = @(); snapshots = @(); heartbeat = ''; machine = ''
    }
    if ($Setting.VHDPath -ne '') {
        $controller = 'SCSI'
        if ($row.generation -eq 1) {
            $controller = 'IDE'
        }
        $row.drives = @(@{ controller = $controller; number = 0; location = 0; path = $Setting.VHDPath })
    }
    return $row
}

Add-FakeBody -Name 'Get-VM' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'Name', 'Id'
    if ($null -ne $refusal) {
        $refusal.Record
        return
    }
    $bound = $Call.Bound
    $found = @($Call.Machine.vms.Values)
    if ($Call.Set -eq 'Id') {
        $found = @(Find-FakeVmById -Call $Call -Id $bound.Id)
    }
    elseif ($bound.ContainsKey('Name')) {
        $found = @(Find-FakeVm -Call $Call)
    }
    foreach ($row in $found) {
        if ($row -is [System.Collections.IDictionary]) {
            ConvertTo-FakeVm -Call $Call -Row $row
        }
        else {
            $row
        }
    }
}

Add-FakeBody -Name 'New-VM' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'Name', 'MemoryStartupBytes', 'NoVHD', 'SwitchName', 'VHDPath', 'Path', 'Version', 'Generation', 'Force'
    if ($null -ne $refusal) {
        return $refusal
    }
    $bound = $Call.Bound
    $setting = @{ Name = 'New Virtual Machine'; MemoryStartupBytes = 512mb; Generation = 1; VHDPath = ''; Path = 'C:\ProgramData\Microsoft\Windows\Hyper-V' }
    foreach ($name in @($setting.Keys)) {
        if ($bound.ContainsKey($name)) {
            $setting[$name] = $bound[$name]
        }
    }
    if ($bound.ContainsKey('Path')) {
        $setting.Path = '{0}\{1}' -f $bound.Path.TrimEnd('\'), $setting.Name
    }
    $version = @($script:VmVersions[[int]$Call.Machine.os_build])[-1]
    if ($bound.ContainsKey('Version')) {
        $version = $bound.Version.ToString(2)
    }
    $switch = $null
    if ($bound.ContainsKey('SwitchName')) {
        $switch = Find-FakeSwitchOf -Call $Call -Name $bound.SwitchName
    }
    $refusal = Get-FakeNewVmRefusal -Call $Call -Version $version -Switch $switch
    if ($null -ne $refusal) {
        return $refusal
    }
    if (-not (Test-FakeShould -Call $Call -Target $setting.Name)) {
        return
    }
    $port = ''
    if ($null -ne $switch) {
        $port = $switch.id
    }
    $row = New-FakeVmRow -Call $Call -Setting $setting -Version $version -Switch $port
    $Call.Machine.vms[$row.id] = $row
    Add-FakeCall -Call $Call -Target $row.name
    return ConvertTo-FakeVm -Call $Call -Row $row
}

Add-FakeBody -Name 'Set-VM' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known (@('VM', 'Name', 'StaticMemory', 'DynamicMemory', 'Passthru') + $script:VmSettings.Keys)
    if ($null -ne $refusal) {
        return $refusal
    }
    $bound = $Call.Bound
    $heavy = @('ProcessorCount', 'MemoryStartupBytes', 'StaticMemory', 'DynamicMemory', 'AutomaticStartAction', 'AutomaticStopAction' | Where-Object -FilterScript { $bound.ContainsKey($_) })
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
            continue
        }
        if ($heavy.Count -gt 0 -and $row.state -ne 'Off') {
            New-FakeWrongState -Call $Call -Vm $row
            continue
        }
        if (-not (Test-FakeShould -Call $Call -Target $row.name)) {
            continue
        }
        foreach ($name in $script:VmSettings.Keys) {
            if ($bound.ContainsKey($name)) {
                $value = $bound[$name]
                if ($value -is [enum]) {
                    $value = $value.ToString()
                }
                $row[$script:VmSettings[$name]] = $value
            }
        }
        if ($bound.ContainsKey('StaticMemory') -or $bound.ContainsKey('DynamicMemory')) {
            $row.dynamic_memory = [bool]$bound['DynamicMemory']
        }
        Add-FakeCall -Call $Call -Target $row.name
        if ($bound['Passthru']) {
            ConvertTo-FakeVm -Call $Call -Row $row
        }
    }
}

Add-FakeBody -Name 'Remove-VM' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'VM', 'Name', 'Force' -Asks
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
        }
        elseif ('Off', 'Saved' -notcontains $row.state) {
            New-FakeWrongState -Call $Call -Vm $row
        }
        elseif (Test-FakeShould -Call $Call -Target $row.name) {
            $Call.Machine.vms.Remove($row.id)
            Add-FakeCall -Call $Call -Target $row.name
        }
    }
}

Add-FakeBody -Name 'Get-VMSnapshot' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'VM', 'VMName', 'Name'
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
            continue
        }
        $wanted = @($row.snapshots | Where-Object -FilterScript { -not $Call.Bound.ContainsKey('Name') -or $_ -like $Call.Bound.Name })
        if ($wanted.Count -eq 0 -and $Call.Bound.ContainsKey('Name')) {
            New-FakeVmError -Call $Call -Id 'ObjectNotFound' -Category ObjectNotFound -Text 'SnapshotMissing'
        }
        foreach ($name in $wanted) {
            New-FakeObject -Type 'Microsoft.HyperV.PowerShell.VMSnapshot' -Property @{
                Name = $name; VMId = [guid]$row.id; VMName = $row.name; SnapshotType = 'Standard'; State = 'Off'; Version = $row.version
                ProcessorCount = [long]$row.processor_count; MemoryStartup = [long]$row.memory_startup; Generation = [int]$row.generation
                ComputerName = $Call.Machine.computer_name
            }
        }
    }
}

Add-FakeBody -Name 'Get-VMHost' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $machine = $Call.Machine
    return New-FakeObject -Type 'Microsoft.HyperV.PowerShell.VMHost' -Property @{
        Name                     = $machine.computer_name
        ComputerName             = $machine.computer_name
        FullyQualifiedDomainName = $(if ($machine.domain -eq '') { 'WORKGROUP' } else { $machine.domain })
        LogicalProcessorCount    = [int]$machine.cpu.logical
        MemoryCapacity           = [long]$machine.memory_mib * 1mb
        VirtualHardDiskPath      = 'C:\Users\Public\Documents\Hyper-V\Virtual Hard Disks'
        VirtualMachinePath       = 'C:\ProgramData\Microsoft\Windows\Hyper-V'
        SupportedVmVersions      = [string[]]$script:VmVersions[[int]$machine.os_build]
        MacAddressMinimum        = '00155D000000'
        MacAddressMaximum        = '00155D0000FF'
        NumaSpanningEnabled      = $true
    }
}

Add-FakeBody -Name 'Get-VMHostSupportedVersion' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'Default'
    if ($null -ne $refusal) {
        return $refusal
    }
    $known = @($script:VmVersions[[int]$Call.Machine.os_build])
    foreach ($version in $known + '254.0' + '255.0') {
        $isDefault = $version -eq $known[-1]
        if ($isDefault -or -not $Call.Bound['Default']) {
            New-FakeObject -Type 'Microsoft.HyperV.PowerShell.VMHostSupportedVersion' -Property @{
                Name         = $(if ($version -eq '254.0') { 'Prerelease' } elseif ($version -eq '255.0') { 'Experimental' } else { "Microsoft Windows ($version)" })
                Version      = [version]$version
                IsDefault    = $isDefault
                ComputerName = $Call.Machine.computer_name
            }
        }
    }
}
