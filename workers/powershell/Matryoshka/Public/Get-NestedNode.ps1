function Get-NestedNode {
    <#
    .SYNOPSIS
    Describes a virtual machine of this host: its state and everything that nesting depends on.

    .DESCRIPTION
    Reads only. By id, or by name and owner: names are not unique in Hyper-V. Exists is $false when there is none.

    .PARAMETER VMId
    The VM's id.

    .PARAMETER Name
    The VM's name.

    .PARAMETER Owner
    The lab's id that the VM's notes must name; empty takes the only VM of that name, whoever made it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the node record, with Exists, VMId, Name, Owner, State, Generation, Version, ProcessorCount,
    MemoryStartupMib, MemoryAssignedMib, DynamicMemoryEnabled, ExposeVirtualizationExtensions, AutomaticCheckpointsEnabled, Adapters (Name,
    SwitchName, Connected, MacAddress, MacAddressSpoofing, IPAddresses), Disks, CheckpointCount, Heartbeat and UptimeSeconds.

    .EXAMPLE
    Get-NestedNode -Name 'nest-1' -Owner 'lab_1'
    #>
    [CmdletBinding(DefaultParameterSetName = 'Id')]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'Id')]
        [guid]$VMId,

        [Parameter(Mandatory = $true, ParameterSetName = 'Name')]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(ParameterSetName = 'Name')]
        [string]$Owner = ''
    )
    if ($PSCmdlet.ParameterSetName -eq 'Id') {
        $vm = Get-MkVM -VMId $VMId
        return [pscustomobject](ConvertTo-MkNodeRecord -VM $vm -VMId $VMId)
    }
    $found = @(Get-MkVMByName -Name $Name)
    if ($Owner -ne '') {
        $found = @($found | Where-Object -FilterScript { (ConvertFrom-MkNote -Note $_.Notes).Owner -eq $Owner })
    }
    $vm = $null
    if ($found.Count -eq 1 -or ($found.Count -gt 1 -and $Owner -ne '')) {
        $vm = $found[0]
    }
    return [pscustomobject](ConvertTo-MkNodeRecord -VM $vm -Name $Name)
}
