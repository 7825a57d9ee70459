function Get-MkClusterNodeState {
    # The state of a node of this cluster (Up, Down, Paused, Joining, Unknown), $null when it is not one.
    # All are listed: an absent name is an error to Get-ClusterNode.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    foreach ($node in @(Get-ClusterNode -ErrorAction Stop -WarningAction SilentlyContinue)) {
        if ($node.Name -eq $Name) {
            return $node.State.ToString()
        }
    }
    return $null
}
