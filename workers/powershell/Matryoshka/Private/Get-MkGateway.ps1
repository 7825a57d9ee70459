function Get-MkGateway {
    # The default gateway of an interface, $null without one.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [int]$InterfaceIndex
    )
    foreach ($route in @(Get-NetRoute -AddressFamily 'IPv4' -ErrorAction Stop)) {
        if ($route.InterfaceIndex -eq $InterfaceIndex -and $route.DestinationPrefix -eq '0.0.0.0/0') {
            return [string]$route.NextHop
        }
    }
    return $null
}
