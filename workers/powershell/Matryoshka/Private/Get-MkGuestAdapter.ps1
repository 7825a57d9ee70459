function Get-MkGuestAdapter {
    # This machine's network adapter of a MAC address (12 hex digits); of an empty one the first that is up. $null when none is.
    [CmdletBinding()]
    param(
        [AllowEmptyString()]
        [string]$MacAddress = ''
    )
    $adapters = @(Get-NetAdapter -ErrorAction Stop | Sort-Object -Property 'InterfaceIndex')
    foreach ($adapter in $adapters) {
        $address = ([string]$adapter.MacAddress) -replace '[^0-9A-Fa-f]', ''
        if (($MacAddress -eq '' -and [string]$adapter.Status -eq 'Up') -or ($MacAddress -ne '' -and $address -eq $MacAddress)) {
            return $adapter
        }
    }
    return $null
}
