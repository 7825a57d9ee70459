function Set-MkGuestDns {
    # Gives an interface these name servers; whether something had to be done. None given: left as they are.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [int]$InterfaceIndex,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$DnsServer
    )
    $present = @(Get-MkDnsServer -InterfaceIndex $InterfaceIndex)
    if ($DnsServer.Count -eq 0 -or ($present -join ',') -eq ($DnsServer -join ',')) {
        return $false
    }
    Set-DnsClientServerAddress -InterfaceIndex $InterfaceIndex -ServerAddresses $DnsServer -Confirm:$false -ErrorAction Stop
    return $true
}
