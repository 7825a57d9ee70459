function Get-NestedGuestConfiguration {
    <#
    .SYNOPSIS
    Describes this machine's name, network and what is left of its seed.

    .DESCRIPTION
    Reads only; runs inside a node. Addresses are IPv4, without link-local ones.

    .PARAMETER MacAddress
    12 hex digits; empty takes the first adapter that is up.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with ComputerName, PartOfDomain, Domain, DnsSuffix, Addresses ('a.b.c.d/len'), Gateway, DnsServers,
    NetworkCategory, LocalAccountTokenFilterPolicy (0 or 1), SeedRemoved and HostEntries (name: address).

    .EXAMPLE
    Get-NestedGuestConfiguration -MacAddress '02A1B2C3D4E5'
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [ValidatePattern('\A\z|\A[0-9A-Fa-f]{12}\z')]
        [string]$MacAddress = ''
    )
    return [pscustomobject](ConvertTo-MkGuestConfiguration -Adapter (Get-MkGuestAdapter -MacAddress $MacAddress))
}
