function New-MkCluster {
    # Makes a cluster. After a failure this machine keeps half a configuration that refuses the next try: it is cleared, but only
    # when it is that. A node whose cluster service happens to be down must not lose its membership: the service of a machine that
    # is of no cluster is disabled (Start 4), and InvalidHandle is what a former failure left. Other machines are not touched.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Arguments
    )
    $free = (Get-MkRegistryValue -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\ClusSvc' -Name 'Start') -eq 4
    Write-Progress -Activity 'Creating a cluster' -Status $Arguments.Name
    try {
        $null = New-Cluster @Arguments -NoStorage -Force -ErrorAction Stop
    }
    catch {
        $failure = $_
        if (-not $free -and $failure.FullyQualifiedErrorId -notmatch '\AInvalidHandle,') {
            throw $failure
        }
        try {
            Clear-ClusterNode -Force -Confirm:$false -ErrorAction Stop
        }
        catch {
            Write-Verbose -Message "Nothing to clear: $($_.FullyQualifiedErrorId)"
        }
        throw $failure
    }
}
