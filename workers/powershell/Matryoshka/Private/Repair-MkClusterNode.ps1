function Repair-MkClusterNode {
    # Brings a node that is down up again: starts it, and evicts and joins it when that does not help.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    try {
        $null = Start-ClusterNode -Name $Name -ErrorAction Stop
        if (Wait-MkClusterNode -Name $Name) {
            return
        }
    }
    catch {
        Write-Warning -Message "The node '$Name' did not start ($($_.FullyQualifiedErrorId)): it is evicted and joined again."
    }
    Remove-ClusterNode -Name $Name -Force -Confirm:$false -ErrorAction Stop
    Add-MkClusterNode -Name $Name
}
