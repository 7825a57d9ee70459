# What the cmdlets of virtual machines have in common: which VM is meant, what is said when there is none, what only an off VM allows.
# What every cmdlet of Hyper-V refuses before that (no platform, no service, no rights) is in HyperV.Switch.ps1.
#
#   behaviour                                                                     | mark       | source
#   names of VMs are not unique: a name means all that have it                    | observed   | docs/sources.md H9
#   -Name and -VMName take wildcards; nothing matched is no error                 | documented | CmdletDocs Get-VM; U for "no error"
#   Get-VM, name absent: InvalidParameter, InvalidArgument, target the name       | observed   | docs/sources.md H12
#   Get-VM, id absent: the same                                                   | uncertain  | by analogy; ObjectNotFound is as likely
#   other cmdlets, VM absent: ObjectNotFound, ObjectNotFound                      | observed   | docs/sources.md H12, MicrosoftDocs/WSL#796
#   a VM object whose VM was removed since: the same                              | uncertain  | by analogy
#   none of these errors ends the cmdlet                                          | observed   | docs/sources.md H8
#   a device that cannot change in this state: InvalidState, InvalidOperation     | observed   | Set-VMMemory: hashicorp/packer#8633
#     ... the same of Set-VM, Set-VMProcessor, Remove-VM, adapters and drives     | uncertain  | by analogy; the words are WMI's return codes
#   exceptions are VirtualizationException with System.Exception's HRESULT        | observed   | microsoft/devhome#3865
#   a parameter that is not modelled                                              | -          | throws: a mistake of the test, not Windows

$script:FakeVirtualization = 'Microsoft.HyperV.PowerShell.VirtualizationException'

function New-FakeVmError {
    # An error of a Hyper-V cmdlet that does not end it.
    param(
        [hashtable]$Call,
        [string]$Id,
        [System.Management.Automation.ErrorCategory]$Category,
        [string]$Text,
        [object[]]$Argument = @(),
        [object]$Target = $null
    )
    return New-FakeError @PSBoundParameters -Exception $script:FakeVirtualization
}

function New-FakeVmMissing {
    # No VM of this name or id.
    param([hashtable]$Call, [string]$Wanted, [switch]$ById)

    $facts = @{ Id = 'ObjectNotFound'; Category = 'ObjectNotFound'; Text = 'VmMissing'; Argument = $Wanted }
    if ($Call.Name -eq 'Get-VM') {
        $facts.Id = 'InvalidParameter'
        $facts.Category = 'InvalidArgument'
        $facts.Target = $Wanted
    }
    if ($ById) {
        $facts.Text = 'VmIdMissing'
    }
    return New-FakeVmError -Call $Call @facts
}

function New-FakeWrongState {
    # What cannot be done while the VM is in its state. Device: what would have changed, '' for the VM itself.
    param([hashtable]$Call, [System.Collections.IDictionary]$Vm, [string]$Device = '')

    $facts = @{ Id = 'InvalidState'; Category = 'InvalidOperation'; Text = 'VmWrongState'; Argument = @($Vm.name, $Vm.id) }
    if ($Device -ne '') {
        $facts.Text = 'DeviceWrongState'
        $facts.Argument = @($Vm.name, $Vm.id, $Device)
    }
    return New-FakeVmError -Call $Call @facts
}

function Get-FakeVmRefusal {
    # Why this cmdlet does nothing at all here; $null when it can. Known: the parameters that its body looks at.
    param([hashtable]$Call, [string[]]$Known = @(), [switch]$Asks)

    $common = [System.Management.Automation.Cmdlet]::CommonParameters + [System.Management.Automation.Cmdlet]::OptionalCommonParameters
    foreach ($name in $Call.Bound.Keys) {
        if ($common -notcontains $name -and $Known -notcontains $name) {
            throw "The pretended $($Call.Name) does not know what -$name does."
        }
    }
    $refusal = Get-FakeVirtualizationRefusal -Call $Call
    if ($null -eq $refusal -and $Asks) {
        $refusal = Get-FakeUnasked -Call $Call
    }
    return $refusal
}

function Find-FakeVmById {
    # The row of an id, or the error.
    param([hashtable]$Call, [guid]$Id)

    $row = $Call.Machine.vms[$Id.ToString()]
    if ($null -eq $row) {
        return New-FakeVmMissing -Call $Call -Wanted $Id.ToString() -ById
    }
    return $row
}

function Find-FakeVmByName {
    # The rows of a name, or the error.
    param([hashtable]$Call, [string]$Name)

    $pattern = [System.Management.Automation.WildcardPattern]::new($Name, 'IgnoreCase')
    $found = @($Call.Machine.vms.Values | Where-Object -FilterScript { $pattern.IsMatch($_.name) -or $_.name -eq $Name })
    if ($found.Count -eq 0 -and -not [System.Management.Automation.WildcardPattern]::ContainsWildcardCharacters($Name)) {
        return New-FakeVmMissing -Call $Call -Wanted $Name
    }
    return $found
}

function Find-FakeVm {
    # The rows of the world that the cmdlet's VM, VMName or Name mean, and an error for each that is absent.
    param([hashtable]$Call)

    $bound = $Call.Bound
    if ($bound.ContainsKey('VM')) {
        foreach ($vm in $bound.VM) {
            Find-FakeVmById -Call $Call -Id $vm.Id
        }
        return
    }
    $names = $bound['VMName']
    if ($null -eq $names -and $Call.Set -eq 'Name') {
        $names = $bound['Name']
    }
    foreach ($name in $names) {
        Find-FakeVmByName -Call $Call -Name $name
    }
}

function Add-FakeCall {
    # Something was changed by this cmdlet.
    param([hashtable]$Call, [string]$Target)

    $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $Target)
}

function Find-FakeSwitchOf {
    # The switch that a name means for an adapter, or the error that New-VM gives for an absent one.
    param([hashtable]$Call, [string]$Name)

    $found = @($Call.Machine.switches.Values | Where-Object -FilterScript { $_.name -eq $Name })
    if ($found.Count -gt 0) {
        return $found[0]
    }
    return New-FakeVmError -Call $Call -Id 'InvalidParameter' -Category InvalidArgument -Text 'SwitchMissing' -Argument $Name
}
