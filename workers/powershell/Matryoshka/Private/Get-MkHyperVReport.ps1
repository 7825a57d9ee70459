function Get-MkHyperVReport {
    # The part of a host report that only Hyper-V can tell. A host without it, or whose service does not answer, has none: a
    # report must say so instead of failing.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()

    $report = @{ DefaultVMVersion = $null; SupportedVMVersions = @(); VirtualHardDiskPath = $null; Switches = @(); VMs = @() }
    if (-not (Microsoft.PowerShell.Core\Get-Command -Name 'Get-VMHost' -ErrorAction Ignore)) {
        return $report
    }
    try {
        $report.VirtualHardDiskPath = [string](Get-VMHost -ErrorAction Stop).VirtualHardDiskPath
        # 254 (Prerelease) and 255 (Experimental) are no releases: nothing else must take them for the newest version.
        $versions = @(Get-VMHostSupportedVersion -ErrorAction Stop | Where-Object -FilterScript { $_.Version.Major -lt 254 })
        $report.SupportedVMVersions = @($versions | ForEach-Object -Process { $_.Version.ToString() })
        foreach ($version in $versions) {
            if ($version.IsDefault) {
                $report.DefaultVMVersion = $version.Version.ToString()
            }
        }
        $report.Switches = @(Get-VMSwitch -ErrorAction Stop | ForEach-Object -Process { ConvertTo-MkSwitchSummary -VMSwitch $_ })
        $report.VMs = @(Get-VM -ErrorAction Stop | ForEach-Object -Process { ConvertTo-MkVMSummary -VM $_ })
    }
    catch {
        Write-Warning -Message "Hyper-V does not answer on this machine: $($_.Exception.Message)"
    }
    return $report
}
