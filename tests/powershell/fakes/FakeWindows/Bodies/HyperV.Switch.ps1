# Virtual switches, and what every cmdlet of Hyper-V and its disks refuses before it looks at anything.
#
#   behaviour                                                                     | mark       | source
#   Get-VMSwitch lists all, one by its exact name or id, or those of a type       | documented | CmdletDocs Get-VMSwitch
#   Get-VMSwitch of a name that is absent: InvalidParameter, InvalidArgument,     | observed   | docs/sources.md H12
#     not terminating
#   Get-VMSwitch of an id that is absent: the same                                | uncertain  | by analogy
#   wildcards in Get-VMSwitch -Name find what they match, and nothing is no error | uncertain  | usual PowerShell behaviour
#   New-VMSwitch -SwitchType takes Internal and Private only                      | documented | docs/sources.md H5
#   New-VMSwitch makes a second switch of a taken name                            | uncertain  | names of VMs are so (H9)
#   an internal switch makes the adapter 'vEthernet (name)' of the host           | observed   | PS-AutoLab-Env#199
#   a second adapter of that name is 'vEthernet (name) 2'                         | uncertain  | Windows' way with copies
#   that adapter gets a 169.254 address some moments later                        | not made   | NetTCPIP is another file's
#   External without such an adapter: ObjectNotFound                              | uncertain  | Set-VMSwitch, pawelgnatowski/WSL2-Network-Fix#9
#   Remove-VMSwitch asks unless -Force                                            | documented | CmdletDocs Remove-VMSwitch
#     ... where nobody answers: InvalidOperation, VirtualizationException          | observed   | Stop-VM in public minikube logs
#   Remove-VMSwitch with running VMs on it: VirtualizationException               | observed   | eryph-org/eryph#252
#     ... with the id ObjectInUse and the category ResourceBusy                   | observed   | on 2012 R2's module: AutomatedLab#164
#   VMs that are off keep the id of a switch that was removed                     | uncertain  |
#   the exceptions' HRESULT is that of System.Exception                           | observed   | microsoft/devhome#3865
#   without rights: 'You do not have the required permission'                     | observed   | internxt/drive-desktop#332
#     ... with the id Unspecified and the category NotSpecified                   | observed   | kubernetes/minikube#6732
#   the platform's service does not answer: ObjectNotFound, ObjectNotFound        | observed   | kubernetes/minikube#15621, #16679
#   tools without the platform: Unspecified, NotSpecified                         | observed   | docs/sources.md H12

function Get-FakeVirtualizationRefusal {
    # Why no cmdlet of Hyper-V works for this caller on this machine; $null when they do.
    param([hashtable]$Call)

    $machine = $Call.Machine
    $facts = @{ Call = $Call; Argument = $machine.computer_name; Exception = 'Microsoft.HyperV.PowerShell.VirtualizationException' }
    if ($machine.features['Hyper-V'] -ne 'Installed') {
        return New-FakeRefusal @facts -Id 'Unspecified' -Category NotSpecified -Text 'VirtualizationAbsent'
    }
    if ($machine.services['vmms'] -ne 'Running') {
        return New-FakeRefusal @facts -Id 'ObjectNotFound' -Category ObjectNotFound -Text 'VirtualizationAway'
    }
    if (-not $machine.is_admin -and -not $machine.is_hyperv_admin) {
        return New-FakeRefusal @facts -Id 'Unspecified' -Category NotSpecified -Text 'VirtualizationForbidden'
    }
    return $null
}

function Get-FakeUnasked {
    # A cmdlet that asks before it acts, called where nobody can answer and told neither -Force nor -Confirm:$false: the refusal.
    param([hashtable]$Call)

    $isForced = $Call.Bound.ContainsKey('Force') -and [bool]$Call.Bound.Force
    $isTold = $Call.Bound.ContainsKey('Confirm') -and -not [bool]$Call.Bound.Confirm
    $isTrial = $Call.Bound.ContainsKey('WhatIf') -and [bool]$Call.Bound.WhatIf
    if ($isForced -or $isTold -or $isTrial) {
        return $null
    }
    return New-FakeRefusal -Call $Call -Id 'InvalidOperation' -Category InvalidOperation -Text 'NoPrompt' -Exception 'Microsoft.HyperV.PowerShell.VirtualizationException'
}

function ConvertTo-FakeSwitch {
    # A switch of the world as Windows shows it.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row)

    $isExternal = $Row.type -eq 'External'
    return New-FakeObject -Type 'Microsoft.HyperV.PowerShell.VMSwitch' -Property @{
        Name                            = $Row.name
        Id                              = [guid]$Row.id
        Notes                           = [string]$Row.notes
        SwitchType                      = $Row.type
        AllowManagementOS               = $Row.type -ne 'Private'
        BandwidthReservationMode        = 'Absolute'
        NetAdapterInterfaceDescription  = $(if ($isExternal) { 'Intel(R) Ethernet Connection' } else { $null })
        NetAdapterInterfaceDescriptions = $(if ($isExternal) { [string[]]@('Intel(R) Ethernet Connection') } else { $null })
        ComputerName                    = $Call.Machine.computer_name
    }
}

function New-FakeSwitchMissing {
    # No switch of this name or id.
    param([hashtable]$Call, [string]$Wanted)

    $facts = @{ Id = 'InvalidParameter'; Category = 'InvalidArgument'; Text = 'SwitchMissing'; Argument = $Wanted; Target = $Wanted }
    return New-FakeError -Call $Call @facts -Exception 'Microsoft.HyperV.PowerShell.VirtualizationException'
}

function Find-FakeSwitch {
    # The rows of the world that a name (it may hold wildcards) or ids mean; an error for what is absent.
    param([hashtable]$Call, [string[]]$Name = @(), [guid[]]$Id = @())

    foreach ($one in $Id) {
        $found = @($Call.Machine.switches.Values | Where-Object -FilterScript { [guid]$_.id -eq $one })
        if ($found.Count -eq 0) {
            New-FakeSwitchMissing -Call $Call -Wanted ([string]$one)
        }
        $found
    }
    foreach ($one in $Name) {
        $pattern = [System.Management.Automation.WildcardPattern]::new($one, 'IgnoreCase')
        $found = @($Call.Machine.switches.Values | Where-Object -FilterScript { $pattern.IsMatch($_.name) })
        if ($found.Count -eq 0 -and -not [System.Management.Automation.WildcardPattern]::ContainsWildcardCharacters($one)) {
            New-FakeSwitchMissing -Call $Call -Wanted $one
        }
        $found
    }
}

function Add-FakeHostAdapter {
    # The host's own adapter on a new switch.
    param([hashtable]$Call, [string]$Switch)

    $machine = $Call.Machine
    $names = @($machine.net_adapters | ForEach-Object -Process { $_.name })
    $name = "vEthernet ($Switch)"
    for ($copy = 2; $names -contains $name; $copy++) {
        $name = "vEthernet ($Switch) $copy"
    }
    $index = 1 + (@($machine.net_adapters | ForEach-Object -Process { $_.index }) + 9 | Measure-Object -Maximum).Maximum
    $Call.World.sequence++
    $mac = '00-15-5D-{0:X2}-{1:X2}-{2:X2}' -f (($Call.World.sequence -shr 16) -band 255), (($Call.World.sequence -shr 8) -band 255), ($Call.World.sequence -band 255)
    $machine.net_adapters += @{ name = $name; description = 'Hyper-V Virtual Ethernet Adapter'; index = [int]$index; mac = $mac; status = 'Up' }
    $machine.dhcp["$index"] = $true
    $machine.dns["$index"] = @()
}

function Remove-FakeHostAdapter {
    # The host's own adapter goes with its switch, and with it everything that is set on it.
    param([hashtable]$Call, [string]$Switch)

    $machine = $Call.Machine
    $gone = @($machine.net_adapters | Where-Object -FilterScript { $_.name -eq "vEthernet ($Switch)" } | ForEach-Object -Process { $_.index })
    foreach ($part in 'net_adapters', 'addresses', 'routes') {
        $machine[$part] = @($machine[$part] | Where-Object -FilterScript { $gone -notcontains $_.index })
    }
    foreach ($part in 'dns', 'dhcp', 'profiles') {
        foreach ($index in $gone) {
            $machine[$part].Remove("$index")
        }
    }
}

Add-FakeBody -Name 'Get-VMSwitch' -Body {
    param($Call)

    $refusal = Get-FakeVirtualizationRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $bound = $Call.Bound
    if ($Call.Set -eq 'Id' -and $bound.ContainsKey('Id')) {
        $found = @(Find-FakeSwitch -Call $Call -Id $bound.Id)
    }
    elseif ($bound.ContainsKey('Name')) {
        $found = @(Find-FakeSwitch -Call $Call -Name $bound.Name)
    }
    else {
        $found = @($Call.Machine.switches.Values)
    }
    foreach ($item in $found) {
        if ($item -isnot [System.Collections.IDictionary]) {
            $item
        }
        elseif (-not $bound.ContainsKey('SwitchType') -or @($bound.SwitchType | ForEach-Object -Process { "$_" }) -contains $item.type) {
            ConvertTo-FakeSwitch -Call $Call -Row $item
        }
    }
}

Add-FakeBody -Name 'New-VMSwitch' -Body {
    param($Call)

    $refusal = Get-FakeVirtualizationRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $bound = $Call.Bound
    $type = 'External'
    if ($Call.Set -eq 'SwitchType') {
        $type = [string]$bound.SwitchType
    }
    else {
        $property, $wanted = 'name', $bound.NetAdapterName
        if ($Call.Set -eq 'NetAdapterInterfaceDescription') {
            $property, $wanted = 'description', $bound.NetAdapterInterfaceDescription
        }
        if (@($Call.Machine.net_adapters | Where-Object -FilterScript { $wanted -contains $_[$property] }).Count -eq 0) {
            $facts = @{ Id = 'ObjectNotFound'; Category = 'ObjectNotFound'; Text = 'SwitchNoAdapter'; Target = $wanted }
            return New-FakeError -Call $Call @facts -Exception 'Microsoft.HyperV.PowerShell.VirtualizationException'
        }
    }
    if (-not (Test-FakeShould -Call $Call -Target $bound.Name)) {
        return
    }
    $notes = ''
    if ($bound.ContainsKey('Notes')) {
        $notes = [string]$bound.Notes
    }
    $made = @{ id = New-FakeId -World $Call.World; name = $bound.Name; type = $type; notes = $notes }
    $Call.Machine.switches[$made.id] = $made
    if ($type -ne 'Private') {
        Add-FakeHostAdapter -Call $Call -Switch $bound.Name
    }
    $Call.World.calls += , @($Call.Machine.uid, 'New-VMSwitch', $bound.Name)
    return ConvertTo-FakeSwitch -Call $Call -Row $made
}

Add-FakeBody -Name 'Remove-VMSwitch' -Body {
    param($Call)

    $refusal = Get-FakeVirtualizationRefusal -Call $Call
    if ($null -eq $refusal) {
        $refusal = Get-FakeUnasked -Call $Call
    }
    if ($null -ne $refusal) {
        return $refusal
    }
    if ($Call.Set -eq 'SwitchObject') {
        $found = @(Find-FakeSwitch -Call $Call -Id @($Call.Bound.VMSwitch | ForEach-Object -Process { $_.Id }))
    }
    else {
        $found = @(Find-FakeSwitch -Call $Call -Name $Call.Bound.Name)
    }
    foreach ($item in $found) {
        if ($item -isnot [System.Collections.IDictionary]) {
            $item
            continue
        }
        $users = @($Call.Machine.vms.Values | Where-Object -FilterScript { $_.state -in 'Running', 'Paused' -and @($_.adapters | ForEach-Object -Process { $_.switch }) -contains $item.id })
        if ($users.Count -gt 0) {
            $facts = @{ Id = 'ObjectInUse'; Category = 'ResourceBusy'; Text = 'SwitchInUse'; Argument = $item.name }
            New-FakeError -Call $Call @facts -Exception 'Microsoft.HyperV.PowerShell.VirtualizationException'
        }
        elseif (Test-FakeShould -Call $Call -Target $item.name) {
            $Call.Machine.switches.Remove($item.id)
            Remove-FakeHostAdapter -Call $Call -Switch $item.name
            $Call.World.calls += , @($Call.Machine.uid, 'Remove-VMSwitch', $item.name)
        }
    }
}
