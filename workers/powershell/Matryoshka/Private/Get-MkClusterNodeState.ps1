function Get-MkClusterNodeState {
    # The state of a node of this cluster (Up, Down, Paused, Joining, Unknown), $null when it is not one. Name may be a full name.
    # All are listed: an absent name is an error to Get-ClusterNode.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    foreach ($node in @(Get-ClusterNode -ErrorAction Stop -WarningAction SilentlyContinue)) {
        if ($node.Name -eq $Name.Split('.')[0]) {
            return $node.State.ToString()
        }
    }
    return $null
}
