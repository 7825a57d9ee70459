function Add-NestedClusterNode {
    <#
    .SYNOPSIS
    Joins a machine to this machine's cluster.

    .DESCRIPTION
    Runs inside the first node. A node that is up is left alone; one that is down is started, then evicted and joined again.

    .PARAMETER Name
    The machine's name.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedCluster and Changed. Windows' own error ids pass.

    .EXAMPLE
    Add-NestedClusterNode -Name 'nest-2'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name
    )
    $state = Get-MkClusterNodeState -Name $Name
    $changed = $false
    if (('Up', 'Paused', 'Joining' -notcontains $state) -and $PSCmdlet.ShouldProcess($Name, 'Join cluster')) {
        if ($null -eq $state) {
            Add-MkClusterNode -Name $Name
        }
        else {
            Repair-MkClusterNode -Name $Name
        }
        $changed = $true
    }
    $record = ConvertTo-MkClusterRecord -Cluster (Get-MkCluster)
    $record.Changed = $changed
    return [pscustomobject]$record
}
