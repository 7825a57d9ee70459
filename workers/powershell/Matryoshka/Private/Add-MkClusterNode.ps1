function Add-MkClusterNode {
    # Joins a machine that is not a node yet, and waits until it is up.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    Write-Progress -Activity 'Joining a cluster node' -Status $Name
    $null = Add-ClusterNode -Name $Name -NoStorage -ErrorAction Stop
    if (-not (Wait-MkClusterNode -Name $Name)) {
        Write-Warning -Message "The node '$Name' was joined and is not up yet."
    }
}
