function Remove-NestedClusterNode {
    <#
    .SYNOPSIS
    Takes a node out of this machine's cluster.

    .DESCRIPTION
    Runs inside another node. A machine that is no node of it is left alone. A node that is off does not hear of it and keeps its configuration.

    .PARAMETER Name
    The node's name.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedCluster and Changed. Windows' own error ids pass.

    .EXAMPLE
    Remove-NestedClusterNode -Name 'nest-2'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name
    )
    $changed = $false
    if ($null -ne (Get-MkClusterNode -Name $Name) -and $PSCmdlet.ShouldProcess($Name, 'Evict cluster node')) {
        Write-Progress -Activity 'Evicting a cluster node' -Status $Name
        Remove-ClusterNode -Name ($Name.Split('.')[0]) -Force -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    $record = ConvertTo-MkClusterRecord -Cluster (Get-MkCluster)
    $record.Changed = $changed
    return [pscustomobject]$record
}
