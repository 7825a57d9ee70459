# Devices of virtual machines: processor, memory, network adapters, hard disk drives.
#
#   behaviour                                                                     | mark       | source
#   -ExposeVirtualizationExtensions is a Boolean                                  | observed   | docs/sources.md H9
#   ... changes only on a VM that is off; count too                               | observed   | docs/sources.md H9; U for the id and the count
#   ... does not ask whether the platform can nest: the start does                | observed   | docs/sources.md H3
#   ... with dynamic memory on is no error                                        | uncertain  | docs/sources.md H4
#   the setting may fall back to false (fault exposure_reverts)                   | uncertain  | microsoft/MSLab#133
#   Set-VMMemory on a VM that is not off: InvalidState                            | observed   | docs/sources.md H12
#   Get-VMProcessor and the others, VM absent: ObjectNotFound                     | observed   | docs/sources.md H12
#   Set-VMNetworkAdapter -MacAddressSpoofing works on a running VM                | documented | CmdletDocs Set-VMNetworkAdapter, by silence
#   ... a static address does not                                                 | uncertain  | Hyper-V Manager greys it out
#   ... one that is no address: InvalidParameter                                  | uncertain  | by analogy
#   Connect-VMNetworkAdapter, adapter absent: ObjectNotFound                      | observed   | Qonfused/OSX-Hyper-V#35
#   ... switch absent: InvalidParameter, InvalidArgument                          | uncertain  | as New-VM, VirtualEngine/Lability#40
#   Add-VMNetworkAdapter's name is 'Network Adapter' unless told                  | observed   | as New-VM's own (docs/sources.md H9)
#   Add-VMHardDiskDrive: the next free place, SCSI unless generation 1            | uncertain  | CmdletDocs names no rule
#   ... file absent: ObjectNotFound; already in this VM: InvalidParameter         | uncertain  | by analogy
#   ... a disk of another VM that runs: taken, and refused at the start           | uncertain  | docs/sources.md H9 for the start
#   Get-VMNetworkAdapter -ManagementOS shows the host's own adapters              | documented | CmdletDocs Get-VMNetworkAdapter

function Get-FakeDevice {
    # The body of a Get cmdlet of one device: refusals and absent VMs as they are, each VM through Show.
    param([hashtable]$Call, [scriptblock]$Show, [string[]]$Known = @())

    $refusal = Get-FakeVmRefusal -Call $Call -Known (@('VM', 'VMName') + $Known)
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -is [System.Collections.IDictionary]) {
            & $Show $Call $row
        }
        else {
            $row
        }
    }
}

function Set-FakeDevice {
    # The body of a Set cmdlet whose VM must be off: each VM through Change, then shown with -Passthru.
    param([hashtable]$Call, [string]$Device, [scriptblock]$Change, [scriptblock]$Show, [string[]]$Known)

    $refusal = Get-FakeVmRefusal -Call $Call -Known (@('VM', 'VMName', 'Passthru') + $Known)
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
        }
        elseif ($row.state -ne 'Off') {
            New-FakeWrongState -Call $Call -Vm $row -Device $Device
        }
        elseif (Test-FakeShould -Call $Call -Target $row.name) {
            & $Change $Call $row
            Add-FakeCall -Call $Call -Target $row.name
            if ($Call.Bound['Passthru']) {
                & $Show $Call $row
            }
        }
    }
}

function Find-FakeVmAdapter {
    # VMs with their adapters that the cmdlet means: by object, or by VM and name. Rows { Vm; Adapter }, or errors.
    param([hashtable]$Call)

    $bound = $Call.Bound
    foreach ($object in @($bound['VMNetworkAdapter'])) {
        if ($null -ne $object) {
            $vm = $Call.Machine.vms[$object.VMId.ToString()]
            $id = ([string]$object.Id -split '\\')[-1]
            if ($null -eq $vm -or @($vm.adapters | Where-Object -FilterScript { $_.id -eq $id }).Count -eq 0) {
                New-FakeVmError -Call $Call -Id 'ObjectNotFound' -Category ObjectNotFound -Text 'AdapterMissing'
            }
            else {
                @{ Vm = $vm; Adapter = @($vm.adapters | Where-Object -FilterScript { $_.id -eq $id })[0] }
            }
        }
    }
    foreach ($row in @(Find-FakeVm -Call $Call)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
            continue
        }
        $names = @($bound['Name'] | Where-Object -FilterScript { $null -ne $_ })
        $found = @($row.adapters | Where-Object -FilterScript { $names.Count -eq 0 -or $names -contains $_.name })
        if ($found.Count -eq 0 -and $names.Count -gt 0) {
            New-FakeVmError -Call $Call -Id 'ObjectNotFound' -Category ObjectNotFound -Text 'AdapterMissing'
        }
        foreach ($adapter in $found) {
            @{ Vm = $row; Adapter = $adapter }
        }
    }
}

function ConvertTo-FakeHostAdapter {
    # The host's own adapter on a switch.
    param([hashtable]$Call, [System.Collections.IDictionary]$Switch)

    foreach ($port in $Call.Machine.net_adapters) {
        if ($port.name -eq "vEthernet ($($Switch.name))") {
            New-FakeObject -Type 'Microsoft.HyperV.PowerShell.VMInternalNetworkAdapter' -Property @{
                Name = $Switch.name; MacAddress = ($port.mac -replace '-', ''); SwitchName = $Switch.name; SwitchId = [guid]$Switch.id
                IsManagementOs = $true; DeviceId = Get-FakeDeviceId -Index $port.index; ComputerName = $Call.Machine.computer_name
            }
        }
    }
}

Add-FakeBody -Name 'Get-VMProcessor' -Body {
    param($Call)
    Get-FakeDevice -Call $Call -Show { param($Call, $Row) ConvertTo-FakeProcessor -Call $Call -Row $Row }
}

Add-FakeBody -Name 'Get-VMMemory' -Body {
    param($Call)
    Get-FakeDevice -Call $Call -Show { param($Call, $Row) ConvertTo-FakeMemory -Call $Call -Row $Row }
}

Add-FakeBody -Name 'Get-VMHardDiskDrive' -Body {
    param($Call)
    Get-FakeDevice -Call $Call -Show {
        param($Call, $Row)
        foreach ($drive in $Row.drives) {
            ConvertTo-FakeDrive -Call $Call -Row $Row -Drive $drive
        }
    }
}

Add-FakeBody -Name 'Set-VMProcessor' -Body {
    param($Call)
    $show = { param($Call, $Row) ConvertTo-FakeProcessor -Call $Call -Row $Row }
    Set-FakeDevice -Call $Call -Device 'Processor' -Known 'Count', 'ExposeVirtualizationExtensions' -Show $show -Change {
        param($Call, $Row)
        if ($Call.Bound.ContainsKey('Count')) {
            $Row.processor_count = [long]$Call.Bound.Count
        }
        if ($Call.Bound.ContainsKey('ExposeVirtualizationExtensions') -and -not ($Call.Bound.ExposeVirtualizationExtensions -and $Call.World.faults['exposure_reverts'])) {
            $Row.exposed = [bool]$Call.Bound.ExposeVirtualizationExtensions
        }
    }
}

Add-FakeBody -Name 'Set-VMMemory' -Body {
    param($Call)
    $show = { param($Call, $Row) ConvertTo-FakeMemory -Call $Call -Row $Row }
    Set-FakeDevice -Call $Call -Device 'Memory' -Known 'StartupBytes', 'DynamicMemoryEnabled' -Show $show -Change {
        param($Call, $Row)
        if ($Call.Bound.ContainsKey('StartupBytes')) {
            $Row.memory_startup = [long]$Call.Bound.StartupBytes
        }
        if ($Call.Bound.ContainsKey('DynamicMemoryEnabled')) {
            $Row.dynamic_memory = [bool]$Call.Bound.DynamicMemoryEnabled
        }
    }
}

Add-FakeBody -Name 'Get-VMNetworkAdapter' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'VM', 'VMName', 'Name', 'All', 'ManagementOS', 'SwitchName'
    if ($null -ne $refusal) {
        return $refusal
    }
    if ('All', 'ManagementOS' -contains $Call.Set) {
        foreach ($switch in $Call.Machine.switches.Values) {
            if (-not $Call.Bound.ContainsKey('SwitchName') -or $Call.Bound.SwitchName -eq $switch.name) {
                ConvertTo-FakeHostAdapter -Call $Call -Switch $switch
            }
        }
    }
    if ($Call.Set -eq 'All') {
        foreach ($row in $Call.Machine.vms.Values) {
            foreach ($adapter in $row.adapters) {
                ConvertTo-FakeVmAdapter -Call $Call -Row $row -Adapter $adapter
            }
        }
    }
    foreach ($item in @(Find-FakeVmAdapter -Call $Call)) {
        if ($item -is [System.Collections.IDictionary]) {
            ConvertTo-FakeVmAdapter -Call $Call -Row $item.Vm -Adapter $item.Adapter
        }
        else {
            $item
        }
    }
}

Add-FakeBody -Name 'Set-VMNetworkAdapter' -Body {
    param($Call)

    $refusal = Get-FakeVmRefusal -Call $Call -Known 'VMNetworkAdapter', 'VM', 'VMName', 'Name', 'MacAddressSpoofing', 'StaticMacAddress', 'Passthru'
    if ($null -ne $refusal) {
        return $refusal
    }
    $bound = $Call.Bound
    foreach ($item in @(Find-FakeVmAdapter -Call $Call)) {
        if ($item -isnot [System.Collections.IDictionary]) {
            $item
            continue
        }
        $mac = ([string]$bound['StaticMacAddress'] -replace '[-:]', '').ToUpperInvariant()
        if ($bound.ContainsKey('StaticMacAddress') -and $mac -notmatch '\A[0-9A-F]{12}\z') {
            New-FakeVmError -Call $Call -Id 'InvalidParameter' -Category InvalidArgument -Text 'AdapterNoAddress' -Argument $bound.StaticMacAddress
            continue
        }
        if ($bound.ContainsKey('StaticMacAddress') -and $item.Vm.state -ne 'Off') {
            New-FakeWrongState -Call $Call -Vm $item.Vm -Device 'Ethernet Port'
            continue
        }
        if (-not (Test-FakeShould -Call $Call -Target $item.Vm.name)) {
            continue
        }
        if ($mac -ne '') {
            $item.Adapter.mac = $mac
            $item.Adapter.static = $true
        }
        if ($bound.ContainsKey('MacAddressSpoofing')) {
            $item.Adapter.spoofing = $bound.MacAddressSpoofing.ToString() -eq 'On'
        }
        Add-FakeCall -Call $Call -Target $item.Vm.name
        if ($bound['Passthru']) {
            ConvertTo-FakeVmAdapter -Call $Call -Row $item.Vm -Adapter $item.Adapter
        }
    }
}
