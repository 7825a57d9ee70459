function Get-MkCluster {
    # The cluster that this machine is a node of, $null when it is of none or its cluster service does not run. The service is asked
    # first: without it Get-Cluster fails with ids that differ by release (docs/sources.md H14).
    [CmdletBinding()]
    param()

    if ((Get-MkService -Name 'ClusSvc') -ne 'Running' -or -not (Microsoft.PowerShell.Core\Get-Command -Name 'Get-Cluster' -ErrorAction Ignore)) {
        return $null
    }
    try {
        return Get-Cluster -ErrorAction Stop -WarningAction SilentlyContinue
    }
    catch {
        if ($_.FullyQualifiedErrorId -match '\A(ClusterEndpointNotRegistered|Get-Cluster),') {
            return $null
        }
        throw
    }
}
