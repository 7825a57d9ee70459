function Get-MkShellQuota {
    # WinRM's limits of a shell; $null for each that the caller may not read. Documents disagree about the defaults
    # (docs/sources.md H17).
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()

    $quota = @{ MaxShellsPerUser = $null; MaxMemoryPerShellMB = $null }
    if (-not (Microsoft.PowerShell.Core\Get-Command -Name 'Get-WSManInstance' -ErrorAction Ignore)) {
        return $quota
    }
    try {
        $settings = Get-WSManInstance -ResourceURI 'winrm/config/winrs' -ErrorAction Stop
        $quota.MaxShellsPerUser = [int]$settings.MaxShellsPerUser
        $quota.MaxMemoryPerShellMB = [int]$settings.MaxMemoryPerShellMB
    }
    catch {
        Write-Verbose -Message "WinRM's quotas cannot be read: $($_.Exception.Message)"
    }
    return $quota
}
