function Get-MkClusterNodeState {
    # The state of a node of this cluster (Up, Down, Paused, Joining, Unknown), $null when it is not one. Name may be a full name.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    $node = Get-MkClusterNode -Name $Name
    if ($null -eq $node) {
        return $null
    }
    return $node.State.ToString()
}
