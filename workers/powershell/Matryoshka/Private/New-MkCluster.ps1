function New-MkCluster {
    # Makes a cluster. After a failure this machine keeps half a configuration that refuses the next try: it is cleared. Other
    # machines are not touched; they may be of other clusters.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Arguments
    )
    Write-Progress -Activity 'Creating a cluster' -Status $Arguments.Name
    try {
        $null = New-Cluster @Arguments -NoStorage -Force -ErrorAction Stop
    }
    catch {
        $failure = $_
        try {
            Clear-ClusterNode -Force -Confirm:$false -ErrorAction Stop
        }
        catch {
            Write-Verbose -Message "Nothing to clear: $($_.FullyQualifiedErrorId)"
        }
        throw $failure
    }
}
