function ConvertTo-MkGuestConfiguration {
    # The guest configuration of the functions' page; Adapter may be $null.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [AllowNull()]
        [object]$Adapter
    )
    $computer = Get-CimInstance -ClassName 'Win32_ComputerSystem' -ErrorAction Stop
    $tcpip = 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
    $policy = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
    $record = [ordered]@{
        ComputerName                  = [System.Environment]::MachineName
        PartOfDomain                  = [bool]$computer.PartOfDomain
        Domain                        = [string]$computer.Domain
        DnsSuffix                     = [string](Get-MkRegistryValue -Path $tcpip -Name 'NV Domain')
        Addresses                     = [string[]]@()
        Gateway                       = $null
        DnsServers                    = [string[]]@()
        NetworkCategory               = $null
        LocalAccountTokenFilterPolicy = [int](Get-MkRegistryValue -Path $policy -Name 'LocalAccountTokenFilterPolicy')
        SeedRemoved                   = (@(Get-MkSeedFile).Count -eq 0)
        HostEntries                   = Get-MkHostEntry
    }
    if ($null -eq $Adapter) {
        return $record
    }
    $index = $Adapter.InterfaceIndex
    $record.Addresses = [string[]]@(Get-MkAddress -InterfaceIndex $index | ForEach-Object -Process { '{0}/{1}' -f $_.IPAddress, $_.PrefixLength })
    $record.Gateway = Get-MkGateway -InterfaceIndex $index
    $record.DnsServers = [string[]]@(Get-MkDnsServer -InterfaceIndex $index)
    $network = Get-MkNetworkProfile -InterfaceIndex $index
    if ($null -ne $network) {
        $record.NetworkCategory = [string]$network.NetworkCategory
    }
    return $record
}
