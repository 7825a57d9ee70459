function Remove-NestedCluster {
    <#
    .SYNOPSIS
    Destroys this machine's cluster.

    .DESCRIPTION
    Runs inside a node. Only a cluster of the given name is touched.

    .PARAMETER Name
    The cluster's name.

    .PARAMETER CleanupAD
    Also remove the cluster's account from Active Directory.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and Existed. Error id: Matryoshka.ClusterForeign.

    .EXAMPLE
    Remove-NestedCluster -Name 'nest'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [switch]$CleanupAD
    )
    $cluster = Get-MkCluster
    if ($null -eq $cluster) {
        return [pscustomobject][ordered]@{ Changed = $false; Existed = $false }
    }
    if ($cluster.Name -ne $Name) {
        $message = "This machine is a node of the cluster '$($cluster.Name)'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'ClusterForeign' -Category PermissionDenied -Message $message -TargetObject ([string]$cluster.Name)
    }
    $changed = $false
    if ($PSCmdlet.ShouldProcess($Name, 'Destroy cluster')) {
        Write-Progress -Activity 'Destroying a cluster' -Status $Name
        Remove-Cluster -Force -CleanupAD:$CleanupAD -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Existed = $true }
}
