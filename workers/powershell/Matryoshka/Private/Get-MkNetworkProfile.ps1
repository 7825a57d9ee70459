function Get-MkNetworkProfile {
    # The network profile of an interface, $null while Windows still identifies the network.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [int]$InterfaceIndex
    )
    foreach ($entry in @(Get-NetConnectionProfile -ErrorAction Stop)) {
        if ($entry.InterfaceIndex -eq $InterfaceIndex) {
            return $entry
        }
    }
    return $null
}
