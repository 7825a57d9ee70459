function Enable-NestedFirewallRule {
    <#
    .SYNOPSIS
    Enables groups of firewall rules.

    .DESCRIPTION
    Groups that are enabled are left alone. A group that this Windows does not have is Windows' own error.

    .PARAMETER Group
    Ids of groups, never their localized names.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Enabled (all), Groups (Group, Enabled) and Changed.

    .EXAMPLE
    Enable-NestedFirewallRule -Group '@FirewallAPI.dll,-34251'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string[]]$Group
    )
    $changed = $false
    foreach ($id in $Group) {
        if (-not (Test-MkFirewallGroup -Group $id) -and $PSCmdlet.ShouldProcess($id, 'Enable firewall rules')) {
            Enable-NetFirewallRule -Group $id -Confirm:$false -ErrorAction Stop
            $changed = $true
        }
    }
    $record = ConvertTo-MkFirewallRecord -Group $Group
    $record.Changed = $changed
    return [pscustomobject]$record
}
