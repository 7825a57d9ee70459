function Get-MkDnsServer {
    # The IPv4 name servers of an interface, in their order.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [int]$InterfaceIndex
    )
    foreach ($entry in @(Get-DnsClientServerAddress -AddressFamily 'IPv4' -ErrorAction Stop)) {
        if ($entry.InterfaceIndex -eq $InterfaceIndex) {
            foreach ($server in @($entry.ServerAddresses)) {
                [string]$server
            }
        }
    }
}
