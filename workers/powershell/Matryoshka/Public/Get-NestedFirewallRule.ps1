function Get-NestedFirewallRule {
    <#
    .SYNOPSIS
    Says whether groups of firewall rules are enabled.

    .DESCRIPTION
    Reads only. A group counts as enabled when it has rules and every one is; a group that this Windows does not have is not.

    .PARAMETER Group
    Ids of groups (for instance '@FirewallAPI.dll,-34251'), never their localized names.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Enabled (all) and Groups (Group, Enabled).

    .EXAMPLE
    Get-NestedFirewallRule -Group '@FirewallAPI.dll,-34251'
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string[]]$Group
    )
    return [pscustomobject](ConvertTo-MkFirewallRecord -Group $Group)
}
