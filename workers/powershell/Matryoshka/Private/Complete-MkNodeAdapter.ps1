function Complete-MkNodeAdapter {
    # Connects a node's first adapter and gives it its MAC address; whether something had to be done.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [Parameter(Mandatory = $true)]
        [string]$SwitchName
    )
    $changed = $false
    $adapters = @(Get-VMNetworkAdapter -VM $VM -ErrorAction Stop)
    if ($adapters.Count -eq 0) {
        Add-VMNetworkAdapter -VM $VM -SwitchName $SwitchName -Confirm:$false -ErrorAction Stop
        $adapters = @(Get-VMNetworkAdapter -VM $VM -ErrorAction Stop)
        $changed = $true
    }
    if ($adapters[0].SwitchName -ne $SwitchName) {
        Connect-VMNetworkAdapter -VMNetworkAdapter $adapters[0] -SwitchName $SwitchName -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    $mac = Get-MkStaticMac -VMId $VM.Id
    if ($adapters[0].MacAddress -ne $mac -and $VM.State.ToString() -eq 'Off') {
        Set-VMNetworkAdapter -VMNetworkAdapter $adapters[0] -StaticMacAddress $mac -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    return $changed
}
