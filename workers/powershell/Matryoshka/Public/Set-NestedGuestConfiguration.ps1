function Set-NestedGuestConfiguration {
    <#
    .SYNOPSIS
    Gives a node its address, names and policies, and removes the answer files with its password.

    .DESCRIPTION
    Runs inside a node, best over PowerShell Direct: setting an address breaks network sessions. Each setting is compared by itself.
    The network becomes private, LocalAccountTokenFilterPolicy 1 (cluster cmdlets with a local account need it), and on a workgroup
    machine the names in HostEntries become trusted hosts of WinRM.

    .PARAMETER MacAddress
    The adapter's MAC address, 12 hex digits.

    .PARAMETER Address
    The IPv4 address; empty keeps DHCP.

    .PARAMETER PrefixLength
    The length of the address's prefix.

    .PARAMETER Gateway
    The default gateway; empty sets none.

    .PARAMETER DnsServer
    The name servers; none keeps what there is.

    .PARAMETER DnsSuffix
    The computer's primary DNS suffix (workgroup machines); empty keeps what there is.

    .PARAMETER HostEntries
    Names and addresses for the hosts file; they replace those that this function put there before.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedGuestConfiguration, Changed and RestartNeeded. Error ids:
    Matryoshka.AdapterNotFound, Matryoshka.AddressInUse.

    .EXAMPLE
    Set-NestedGuestConfiguration -MacAddress '02A1B2C3D4E5' -Address '10.77.1.11' -Gateway '10.77.1.1' -HostEntries @{ 'nest-2' = '10.77.1.12' }
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[0-9A-Fa-f]{12}\z')]
        [string]$MacAddress,

        [ValidatePattern('\A\z|\A[0-9]{1,3}(\.[0-9]{1,3}){3}\z')]
        [string]$Address = '',

        [ValidateRange(1, 32)]
        [int]$PrefixLength = 24,

        [ValidatePattern('\A\z|\A[0-9]{1,3}(\.[0-9]{1,3}){3}\z')]
        [string]$Gateway = '',

        [AllowEmptyCollection()]
        [string[]]$DnsServer = @(),

        [AllowEmptyString()]
        [string]$DnsSuffix = '',

        [ValidateNotNull()]
        [hashtable]$HostEntries = @{}
    )
    $adapter = Get-MkGuestAdapter -MacAddress $MacAddress
    if ($null -eq $adapter) {
        $message = "This machine has no adapter with the MAC address $MacAddress."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'AdapterNotFound' -Category ObjectNotFound -Message $message -TargetObject $MacAddress
    }
    $changed = $false
    $restart = $false
    if ($PSCmdlet.ShouldProcess([System.Environment]::MachineName, 'Configure guest')) {
        $index = $adapter.InterfaceIndex
        if ($Address -ne '') {
            $changed = Set-MkGuestAddress -Cmdlet $PSCmdlet -InterfaceIndex $index -Address $Address -PrefixLength $PrefixLength
        }
        if ($Gateway -ne '') {
            $changed = (Set-MkGuestGateway -InterfaceIndex $index -Gateway $Gateway) -or $changed
        }
        $changed = (Set-MkGuestDns -InterfaceIndex $index -DnsServer $DnsServer) -or $changed
        $restart = Set-MkDnsSuffix -DnsSuffix $DnsSuffix
        $changed = (Set-MkHostEntry -HostEntries $HostEntries) -or $changed
        $changed = (Set-MkNetworkPrivate -InterfaceIndex $index) -or $changed
        $changed = (Set-MkGuestPolicy -HostName ([string[]]@($HostEntries.Keys))) -or $changed
        $changed = (Remove-MkSeedFile) -or $changed -or $restart
    }
    $record = ConvertTo-MkGuestConfiguration -Adapter $adapter
    $record.Changed = $changed
    $record.RestartNeeded = $restart
    return [pscustomobject]$record
}
