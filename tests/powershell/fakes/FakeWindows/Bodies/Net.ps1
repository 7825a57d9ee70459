# Adapters, addresses, routes, name servers and network profiles of a machine (NetTCPIP, NetAdapter, DnsClient, NetConnection).
#
#   behaviour                                                                     | mark       | source
#   names and types of the properties                                             | documented | Win32Docs MSFT_NetAdapter, MSFT_NetIPAddress,
#     MSFT_NetRoute, MSFT_DNSClientServerAddress, MSFT_NetConnectionProfile       |            |   ...
#   a query that finds nothing: CmdletizationQuery_NotFound_<property>,           | observed   | on Get-NetAdapter: PS-AutoLab-Env#199
#     ObjectNotFound, CimJobException; without a property: an empty answer        | documented | CDXML
#   New-NetIPAddress of an address that this interface has: Windows System Error  | observed   | docs/sources.md, field: VirtDoc#338,
#     5010 (87 elsewhere), InvalidArgument; the words are translated              |            |   WgServerforWindows#160; H8 for the words
#   New-NetIPAddress on an interface that is not there: 1168                      | uncertain  | ERROR_NOT_FOUND
#   a new address is tested for duplicates: Tentative, Preferred, or Duplicate    | documented | Win32Docs MSFT_NetIPAddress AddressState
#     where another machine has it; here at once
#   a new address makes an identified, public network                             | uncertain  | the profile stays as it was; a new one is Public
#   Set-NetIPInterface -Dhcp Disabled drops the lease                             | uncertain  | the address stays until it is removed
#   Remove-NetIPAddress asks unless -Confirm:$false                               | observed   | every public script passes it
#   Remove-NetRoute asks; New-NetRoute of a known route: Windows System Error 87  | observed   | the second in public logs
#   Set-NetConnectionProfile of a network that is not identified: NotFound        | observed   | public logs
#   whoever is no administrator: Windows System Error 5, PermissionDenied         | observed   | public logs of New-NetIPAddress

$script:FakeNetType = 'Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/{0}'
$script:FakeRouteAll = '0.0.0.0/0'
$script:FakeNetName = @{ 'MSFT_NetFirewallRule.Group' = 'RuleGroup'; 'MSFT_NetFirewallRule.Name' = 'InstanceID' }

function Get-FakeDeviceId {
    # The id of a network adapter as a device, by its index.
    param([int]$Index)

    return '{{{0:X8}-0000-4000-8000-00155D000000}}' -f $Index
}

function New-FakeNetError {
    # A Win32 error of NetTCPIP and its neighbours. Windows translates the words of the id, too.
    param([hashtable]$Call, [int]$Number, [string]$Category, [string]$Text)

    $word = $(if ($Call.World.language -eq 'de-DE') { 'Windows-Systemfehler' } else { 'Windows System Error' })
    $facts = @{ Id = "$word $Number"; Category = $Category; Text = $Text; HResult = 2147942400 + $Number }
    return New-FakeError -Call $Call @facts -Exception 'Microsoft.Management.Infrastructure.CimException'
}

function Get-FakeNetRefusal {
    # Why this caller may not change the network; $null when he may.
    param([hashtable]$Call)

    if ($Call.Machine.is_admin) {
        return $null
    }
    return New-FakeNetError -Call $Call -Number 5 -Category 'PermissionDenied' -Text 'AccessDenied'
}

function Select-FakeNet {
    # The rows that a call's query means; an error for each value that nothing has. Property: parameter = field of the row. Class:
    # where the class calls a property otherwise than the parameter, the error does, too.
    param([hashtable]$Call, [string]$Class, [object[]]$Row, [System.Collections.IDictionary]$Property)

    $left = $Row
    foreach ($name in $Property.Keys) {
        if (-not $Call.Bound.ContainsKey($name)) {
            continue
        }
        $found = @()
        foreach ($value in @($Call.Bound[$name])) {
            $fitting = @($left | Where-Object -FilterScript { [string]$_[$Property[$name]] -like [string]$value })
            $found += $fitting
            if ($fitting.Count -eq 0 -and -not [System.Management.Automation.WildcardPattern]::ContainsWildcardCharacters([string]$value)) {
                $own = $script:FakeNetName["$Class.$name"]
                New-FakeCimAbsent -Call $Call -Class $Class -Property $(if ($null -eq $own) { $name } else { $own }) -Value $value
            }
        }
        $left = $found
    }
    $left
}

function Write-FakeNet {
    # What a query found, as objects; errors pass.
    param([object[]]$Found, [string]$Class)

    foreach ($item in $Found) {
        if ($item -is [System.Collections.IDictionary]) {
            New-FakeRow -TypeName ($script:FakeNetType -f $Class) -Property $item
        }
        elseif ($null -ne $item) {
            $item
        }
    }
}

function Get-FakeAlias {
    # The name of an interface by its index.
    param([hashtable]$Call, [int]$Index)

    return [string]($Call.Machine.net_adapters | Where-Object -FilterScript { $_.index -eq $Index } | Select-Object -First 1 | ForEach-Object -Process { $_.name })
}

function Get-FakeAddressRow {
    # The addresses of the machine, its loopback included.
    param([hashtable]$Call)

    $rows = @($Call.Machine.addresses) + @(@{ index = 1; address = '127.0.0.1'; prefix = 8; origin = 'WellKnown' })
    foreach ($row in $rows) {
        [ordered]@{
            IPAddress = $row.address; IPv4Address = $row.address; InterfaceIndex = [uint32]$row.index; InterfaceAlias = $(if ($row.index -eq 1) { 'Loopback Pseudo-Interface 1' } else { Get-FakeAlias -Call $Call -Index $row.index })
            AddressFamily = 'IPv4'; Type = 'Unicast'; PrefixLength = [byte]$row.prefix; PrefixOrigin = $row.origin; SuffixOrigin = $row.origin
            AddressState = $(if ($row.Contains('state')) { $row.state } else { 'Preferred' }); SkipAsSource = $false; PolicyStore = 'ActiveStore'
        }
    }
}

function Test-FakeAddressElsewhere {
    # Whether another machine on the network has an address.
    param([hashtable]$Call, [string]$Address)

    if (@(Get-FakeField -Row $Call.World -Name 'addresses_in_use') -contains $Address) {
        return $true
    }
    foreach ($machine in $Call.World.machines.Values) {
        if ($machine.uid -ne $Call.Machine.uid -and $machine.powered -and @($machine.addresses | ForEach-Object -Process { $_.address }) -contains $Address) {
            return $true
        }
    }
    return $false
}

Add-FakeBody -Name 'Get-NetAdapter' -Body {
    param($Call)
    $rows = foreach ($row in $Call.Machine.net_adapters) {
        [ordered]@{
            Name = $row.name; InterfaceAlias = $row.name; InterfaceDescription = $row.description; InterfaceIndex = [uint32]$row.index; ifIndex = [uint32]$row.index
            MacAddress = $row.mac; Status = $row.status; LinkSpeed = '10 Gbps'; MediaType = '802.3'; Virtual = $false; Hidden = $false; ifAlias = $row.name
            InterfaceGuid = Get-FakeDeviceId -Index $row.index; DeviceID = Get-FakeDeviceId -Index $row.index
        }
    }
    Write-FakeNet -Class 'MSFT_NetAdapter' -Found @(Select-FakeNet -Call $Call -Class 'MSFT_NetAdapter' -Row $rows -Property @{ Name = 'Name'; InterfaceIndex = 'InterfaceIndex'; InterfaceDescription = 'InterfaceDescription' })
}

Add-FakeBody -Name 'Get-NetIPAddress' -Body {
    param($Call)
    $rows = @(Get-FakeAddressRow -Call $Call)
    $query = [ordered]@{ InterfaceIndex = 'InterfaceIndex'; InterfaceAlias = 'InterfaceAlias'; IPAddress = 'IPAddress'; AddressFamily = 'AddressFamily'; PrefixOrigin = 'PrefixOrigin'; AddressState = 'AddressState' }
    Write-FakeNet -Class 'MSFT_NetIPAddress' -Found @(Select-FakeNet -Call $Call -Class 'MSFT_NetIPAddress' -Row $rows -Property $query)
}

Add-FakeBody -Name 'New-NetIPAddress' -Body {
    param($Call)
    $refusal = Get-FakeNetRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $address = [string]$Call.Bound.IPAddress
    $index = [int]$Call.Bound['InterfaceIndex']
    if ($Call.Bound.ContainsKey('InterfaceAlias')) {
        $index = [int]($Call.Machine.net_adapters | Where-Object -FilterScript { $_.name -eq $Call.Bound.InterfaceAlias } | Select-Object -First 1 | ForEach-Object -Process { $_.index })
    }
    if (@($Call.Machine.net_adapters | Where-Object -FilterScript { $_.index -eq $index }).Count -eq 0) {
        return New-FakeNetError -Call $Call -Number 1168 -Category 'ObjectNotFound' -Text 'NetNotFound'
    }
    if (@($Call.Machine.addresses | Where-Object -FilterScript { $_.address -eq $address }).Count -gt 0) {
        return New-FakeNetError -Call $Call -Number 5010 -Category 'InvalidArgument' -Text 'NetExists'
    }
    if (-not (Test-FakeShould -Call $Call -Target $address)) {
        return
    }
    $state = $(if (Test-FakeAddressElsewhere -Call $Call -Address $address) { 'Duplicate' } else { 'Preferred' })
    $Call.Machine.addresses += @{ index = $index; address = $address; prefix = [int]$Call.Bound.PrefixLength; origin = 'Manual'; state = $state }
    if ($Call.Bound.ContainsKey('DefaultGateway')) {
        $Call.Machine.routes += @{ index = $index; prefix = $script:FakeRouteAll; next_hop = [string]$Call.Bound.DefaultGateway }
    }
    $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $address)
    Write-FakeNet -Class 'MSFT_NetIPAddress' -Found @(Get-FakeAddressRow -Call $Call | Where-Object -FilterScript { $_.IPAddress -eq $address })
}

Add-FakeBody -Name 'Remove-NetIPAddress' -Body {
    param($Call)
    $refusal = Get-FakeNetRefusal -Call $Call
    if ($null -eq $refusal) {
        $refusal = Get-FakeUnasked -Call $Call
    }
    if ($null -ne $refusal) {
        return $refusal
    }
    $rows = @(Get-FakeAddressRow -Call $Call)
    $query = [ordered]@{ InterfaceIndex = 'InterfaceIndex'; InterfaceAlias = 'InterfaceAlias'; IPAddress = 'IPAddress' }
    foreach ($row in @(Select-FakeNet -Call $Call -Class 'MSFT_NetIPAddress' -Row $rows -Property $query)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
        }
        elseif (Test-FakeShould -Call $Call -Target $row.IPAddress) {
            $Call.Machine.addresses = @($Call.Machine.addresses | Where-Object -FilterScript { $_.address -ne $row.IPAddress })
            $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $row.IPAddress)
        }
    }
}

Add-FakeBody -Name 'Set-NetIPInterface' -Body {
    param($Call)
    $refusal = Get-FakeNetRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $rows = @($Call.Machine.net_adapters | ForEach-Object -Process { [ordered]@{ InterfaceIndex = $_.index; InterfaceAlias = $_.name } })
    foreach ($row in @(Select-FakeNet -Call $Call -Class 'MSFT_NetIPInterface' -Row $rows -Property @{ InterfaceIndex = 'InterfaceIndex'; InterfaceAlias = 'InterfaceAlias' })) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
        }
        elseif ($Call.Bound.ContainsKey('Dhcp') -and (Test-FakeShould -Call $Call -Target $row.InterfaceAlias)) {
            $Call.Machine.dhcp["$($row.InterfaceIndex)"] = [string]$Call.Bound.Dhcp -eq 'Enabled'
            $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $row.InterfaceAlias)
        }
    }
}
