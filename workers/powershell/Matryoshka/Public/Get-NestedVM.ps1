function Get-NestedVM {
    <#
    .SYNOPSIS
    Describes a nested virtual machine: one that runs inside this node.

    .DESCRIPTION
    Reads only. Exists is $false when no VM of that name is the owner's.

    .PARAMETER Name
    The VM's name.

    .PARAMETER Owner
    The lab's id.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Exists, VMId, Name, Owner, State, UptimeSeconds and MemoryAssignedMib.

    .EXAMPLE
    Get-NestedVM -Name 'smoke' -Owner 'lab_1'
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Owner
    )
    return [pscustomobject](ConvertTo-MkNestedVMRecord -Name $Name -VM (Find-MkOwnVM -Name $Name -Owner $Owner).Own)
}
