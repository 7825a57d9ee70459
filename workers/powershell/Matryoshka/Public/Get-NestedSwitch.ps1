function Get-NestedSwitch {
    <#
    .SYNOPSIS
    Describes a virtual switch and the host's address on it.

    .DESCRIPTION
    Reads only. Exists is $false when there is no switch of that name.

    .PARAMETER Name
    The switch's name; no wildcards.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Exists, Name, SwitchId, SwitchType, Owner, HostAddress and PrefixLength.

    .EXAMPLE
    Get-NestedSwitch -Name 'mk-lab'
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name
    )
    return [pscustomobject](ConvertTo-MkSwitchRecord -Name $Name -VMSwitch (Get-MkSwitch -Name $Name))
}
