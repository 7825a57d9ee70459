function Stop-NestedCluster {
    <#
    .SYNOPSIS
    Stops this machine's cluster: its roles go offline, then its service stops on all nodes.

    .DESCRIPTION
    Runs inside a node. Only a cluster of the given name is stopped; its configuration stays.

    .PARAMETER Name
    The cluster's name.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, Existed (the cluster ran here) and ClusSvcStatus. Error id: Matryoshka.ClusterForeign;
    Windows' own pass.

    .EXAMPLE
    Stop-NestedCluster -Name 'nest'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name
    )
    $cluster = Get-MkCluster
    $changed = $false
    if ($null -ne $cluster -and $cluster.Name -ne $Name) {
        $message = "This machine is a node of the cluster '$($cluster.Name)'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'ClusterForeign' -Category PermissionDenied -Message $message -TargetObject ([string]$cluster.Name)
    }
    if ($null -ne $cluster -and $PSCmdlet.ShouldProcess($Name, 'Stop cluster')) {
        Write-Progress -Activity 'Stopping a cluster' -Status $Name
        Stop-Cluster -Force -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Existed = ($null -ne $cluster); ClusSvcStatus = Get-MkService -Name 'ClusSvc' }
}
