function Get-MkAddress {
    # IPv4 addresses of an interface (or of all), without the link-local ones that Windows gives itself.
    # Filtered here: an address that is absent is an error to Get-NetIPAddress.
    [CmdletBinding()]
    param(
        [int]$InterfaceIndex = 0
    )
    foreach ($address in @(Get-NetIPAddress -AddressFamily 'IPv4' -ErrorAction Stop)) {
        $wanted = ($InterfaceIndex -eq 0 -or $address.InterfaceIndex -eq $InterfaceIndex)
        if ($wanted -and -not ([string]$address.IPAddress).StartsWith('169.254.')) {
            $address
        }
    }
}
