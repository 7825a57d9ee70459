function Get-MkSwitchInterface {
    # The host's own network adapter on a switch, $null when it has none (yet). By device id: names are the user's.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VMSwitch
    )
    if (-not $VMSwitch.AllowManagementOS) {
        return $null
    }
    $ports = @(Get-VMNetworkAdapter -ManagementOS -ErrorAction Stop | Where-Object -FilterScript { $_.SwitchId -eq $VMSwitch.Id })
    if ($ports.Count -eq 0) {
        return $null
    }
    $device = ([string]$ports[0].DeviceId).Trim('{', '}')
    foreach ($adapter in @(Get-NetAdapter -IncludeHidden -ErrorAction Stop)) {
        if (([string]$adapter.InterfaceGuid).Trim('{', '}') -eq $device) {
            return $adapter
        }
    }
    return $null
}
