function Get-MkHypervisorEvent {
    # Events of the hypervisor's launch since this boot, newest first. Answers $null when there is no event log to ask.
    # The margin of a minute: the first events of a boot carry the clock of before its correction.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [datetime]$BootedAt
    )
    if (-not (Microsoft.PowerShell.Core\Get-Command -Name 'Get-WinEvent' -ErrorAction Ignore)) {
        return $null
    }
    $filter = @{
        LogName      = 'System'
        ProviderName = 'Microsoft-Windows-Hyper-V-Hypervisor'
        Id           = 1, 5, 32, 41, 42, 44, 59
        StartTime    = $BootedAt.AddMinutes(-1)
    }
    try {
        return , @(Get-WinEvent -FilterHashtable $filter -ErrorAction Stop)
    }
    catch {
        # No such event, or (no hypervisor was ever here) no such provider.
        if ($_.CategoryInfo.Category -eq 'ObjectNotFound') {
            return , @()
        }
        return $null
    }
}
