function Wait-MkClusterNode {
    # Waits until a node of this cluster is up, at most Seconds; whether it is.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [int]$Seconds = 60
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        if ((Get-MkClusterNodeState -Name $Name) -eq 'Up') {
            return $true
        }
        if ($watch.Elapsed.TotalSeconds -ge $Seconds) {
            return $false
        }
        Write-Progress -Activity 'Waiting for a cluster node' -Status $Name
        Start-Sleep -Seconds 1
    }
}
