function Get-NestedNat {
    <#
    .SYNOPSIS
    Describes a NAT network of this machine.

    .DESCRIPTION
    Reads only. Exists is $false when there is no NAT of that name.

    .PARAMETER Name
    The NAT's name.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Exists, Name and Prefix.

    .EXAMPLE
    Get-NestedNat -Name 'mk-lab'
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name
    )
    $nat = Get-MkNat | Where-Object -FilterScript { $_.Name -eq $Name }
    return [pscustomobject](ConvertTo-MkNatRecord -Name $Name -Nat $nat)
}
