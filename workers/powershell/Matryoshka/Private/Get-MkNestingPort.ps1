function Get-MkNestingPort {
    # A VM's connected adapters with the name of their setting. Two adapters often share the name that Windows gives: the later
    # ones are told apart by a number.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )
    $used = @{}
    foreach ($adapter in @(Get-VMNetworkAdapter -VM $VM -ErrorAction Stop)) {
        if ([string]::IsNullOrEmpty($adapter.SwitchName)) {
            continue
        }
        $setting = "MacAddressSpoofing:$($adapter.Name)"
        $used[$setting] = 1 + [int]$used[$setting]
        if ($used[$setting] -gt 1) {
            $setting = '{0} ({1})' -f $setting, $used[$setting]
        }
        @{ Setting = $setting; Adapter = $adapter }
    }
}
