function Enable-NestedClusterStorage {
    <#
    .SYNOPSIS
    Enables Storage Spaces Direct on this machine's cluster.

    .DESCRIPTION
    Runs inside a node; minutes to tens of minutes. Without a cache: virtual disks are all of one kind. A cluster that has it is left alone.

    .PARAMETER PoolName
    The storage pool's name.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, StorageSpacesDirect, PoolName and PoolHealth. Error id: Matryoshka.NotClustered; Windows' own pass.

    .EXAMPLE
    Enable-NestedClusterStorage -PoolName 'S2D pool'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [ValidateNotNullOrEmpty()]
        [string]$PoolName = 'S2D pool'
    )
    $cluster = Assert-MkClustered -Cmdlet $PSCmdlet
    $changed = $false
    if ($cluster.S2DEnabled -ne 1 -and $PSCmdlet.ShouldProcess($cluster.Name, 'Enable Storage Spaces Direct')) {
        Write-Progress -Activity 'Enabling Storage Spaces Direct' -Status $cluster.Name
        $null = Enable-ClusterStorageSpacesDirect -PoolFriendlyName $PoolName -CacheState 'Disabled' -SkipEligibilityChecks -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    $health = $null
    foreach ($pool in @(Get-StoragePool -ErrorAction Stop)) {
        if ($pool.FriendlyName -eq $PoolName) {
            $health = [string]$pool.HealthStatus
        }
    }
    $enabled = (Assert-MkClustered -Cmdlet $PSCmdlet).S2DEnabled -eq 1
    return [pscustomobject][ordered]@{ Changed = $changed; StorageSpacesDirect = $enabled; PoolName = $PoolName; PoolHealth = $health }
}
