function Get-MkClusterNode {
    # A node of this cluster, $null when it has none of that name. Name may be a full name. All are listed: an absent name is an error
    # to Get-ClusterNode.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    foreach ($node in @(Get-ClusterNode -ErrorAction Stop -WarningAction SilentlyContinue)) {
        if ($node.Name -eq $Name.Split('.')[0]) {
            return $node
        }
    }
    return $null
}
