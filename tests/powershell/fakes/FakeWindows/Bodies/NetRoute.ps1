# Routes, name servers, network profiles and firewall rules. What Windows does: the table of Net.ps1, and of the firewall:
#
#   behaviour                                                                     | mark       | source
#   Get- and Enable-NetFirewallRule -Group take the id of a group, never its      | documented | CmdletDocs Get-NetFirewallRule: Group, DisplayGroup
#     translated name
#   a group that is not there: CmdletizationQuery_NotFound_RuleGroup (a name:     | observed   | public scripts that tell it from other failures
#     InstanceID), ObjectNotFound                                                 |            |
#   a group's id may name the file's whole path instead (of Windows 10 1903)      | observed   | MicrosoftDocs/windows-powershell-docs#1234
#     not made: these are the short ids                                           |            |
#   Enabled is True or False as words of an enum                                  | observed   | public outputs
#   a Windows has these groups, off until somebody enables them (the world lists  | observed   | Get-NetFirewallRule of a server; U that all are off
#     those that are on)

$script:FakeGroups = @(
    '@FirewallAPI.dll,-28502', '@FirewallAPI.dll,-29252', '@FirewallAPI.dll,-29502', '@FirewallAPI.dll,-29752', '@FirewallAPI.dll,-30002'
    '@FirewallAPI.dll,-30252', '@FirewallAPI.dll,-32752', '@FirewallAPI.dll,-33752', '@FirewallAPI.dll,-34251', '@FirewallAPI.dll,-34501'
    '@FirewallAPI.dll,-36751', '@FirewallAPI.dll,-37302', '@%systemroot%\system32\firewallapi.dll,-25000'
)

function Get-FakeRouteRow {
    # The routes of the machine.
    param([hashtable]$Call)

    foreach ($row in $Call.Machine.routes) {
        [ordered]@{
            InterfaceIndex = [uint32]$row.index; InterfaceAlias = Get-FakeAlias -Call $Call -Index $row.index; DestinationPrefix = $row.prefix; NextHop = $row.next_hop
            AddressFamily = 'IPv4'; RouteMetric = [uint16]256; Protocol = 'NetMgmt'; State = 'Alive'; Store = 'ActiveStore'
        }
    }
}

Add-FakeBody -Name 'Get-NetRoute' -Body {
    param($Call)
    $query = [ordered]@{ InterfaceIndex = 'InterfaceIndex'; DestinationPrefix = 'DestinationPrefix'; NextHop = 'NextHop'; AddressFamily = 'AddressFamily' }
    # The loopback and the multicast routes are always there.
    $own = [ordered]@{ InterfaceIndex = [uint32]1; InterfaceAlias = 'Loopback Pseudo-Interface 1'; DestinationPrefix = '127.0.0.0/8'; NextHop = '0.0.0.0'; AddressFamily = 'IPv4'; RouteMetric = [uint16]256; Protocol = 'Local'; State = 'Alive'; Store = 'ActiveStore' }
    $rows = @(Get-FakeRouteRow -Call $Call) + @($own)
    Write-FakeNet -Class 'MSFT_NetRoute' -Found @(Select-FakeNet -Call $Call -Class 'MSFT_NetRoute' -Row $rows -Property $query)
}

Add-FakeBody -Name 'New-NetRoute' -Body {
    param($Call)
    $refusal = Get-FakeNetRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $route = @{ index = [int]$Call.Bound['InterfaceIndex']; prefix = [string]$Call.Bound.DestinationPrefix; next_hop = $(if ($Call.Bound.ContainsKey('NextHop')) { [string]$Call.Bound.NextHop } else { '0.0.0.0' }) }
    $known = @($Call.Machine.routes | Where-Object -FilterScript { $_.index -eq $route.index -and $_.prefix -eq $route.prefix -and $_.next_hop -eq $route.next_hop })
    if ($known.Count -gt 0) {
        return New-FakeNetError -Call $Call -Number 87 -Category 'InvalidArgument' -Text 'NetExists'
    }
    if (Test-FakeShould -Call $Call -Target $route.prefix) {
        $Call.Machine.routes += $route
        $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $route.next_hop)
        Write-FakeNet -Class 'MSFT_NetRoute' -Found @(Get-FakeRouteRow -Call $Call | Select-Object -Last 1)
    }
}

Add-FakeBody -Name 'Remove-NetRoute' -Body {
    param($Call)
    $refusal = Get-FakeNetRefusal -Call $Call
    if ($null -eq $refusal) {
        $refusal = Get-FakeUnasked -Call $Call
    }
    if ($null -ne $refusal) {
        return $refusal
    }
    $query = [ordered]@{ InterfaceIndex = 'InterfaceIndex'; DestinationPrefix = 'DestinationPrefix'; NextHop = 'NextHop' }
    foreach ($row in @(Select-FakeNet -Call $Call -Class 'MSFT_NetRoute' -Row @(Get-FakeRouteRow -Call $Call) -Property $query)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
        }
        elseif (Test-FakeShould -Call $Call -Target $row.DestinationPrefix) {
            $Call.Machine.routes = @($Call.Machine.routes | Where-Object -FilterScript { $_.index -ne $row.InterfaceIndex -or $_.prefix -ne $row.DestinationPrefix -or $_.next_hop -ne $row.NextHop })
            $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $row.NextHop)
        }
    }
}

Add-FakeBody -Name 'Get-DnsClientServerAddress' -Body {
    param($Call)
    $rows = foreach ($adapter in $Call.Machine.net_adapters) {
        foreach ($family in 2, 23) {
            $servers = $(if ($family -eq 2) { [string[]]@($Call.Machine.dns["$($adapter.index)"]) } else { [string[]]@() })
            # AddressFamily is a number here: 2 is IPv4, 23 IPv6.
            [ordered]@{ InterfaceAlias = $adapter.name; InterfaceIndex = [uint32]$adapter.index; AddressFamily = [uint16]$family; ServerAddresses = $servers; Address = $servers; Family = $(if ($family -eq 2) { 'IPv4' } else { 'IPv6' }) }
        }
    }
    $found = @(Select-FakeNet -Call $Call -Class 'MSFT_DNSClientServerAddress' -Row @($rows) -Property ([ordered]@{ InterfaceIndex = 'InterfaceIndex'; InterfaceAlias = 'InterfaceAlias'; AddressFamily = 'Family' }))
    foreach ($row in $found) {
        if ($row -is [System.Collections.IDictionary]) {
            $row.Remove('Family')
        }
    }
    Write-FakeNet -Class 'MSFT_DNSClientServerAddress' -Found $found
}

Add-FakeBody -Name 'Set-DnsClientServerAddress' -Body {
    param($Call)
    $refusal = Get-FakeNetRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $rows = @($Call.Machine.net_adapters | ForEach-Object -Process { [ordered]@{ InterfaceIndex = $_.index; InterfaceAlias = $_.name } })
    foreach ($row in @(Select-FakeNet -Call $Call -Class 'MSFT_DNSClientServerAddress' -Row $rows -Property @{ InterfaceIndex = 'InterfaceIndex'; InterfaceAlias = 'InterfaceAlias' })) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
        }
        elseif (Test-FakeShould -Call $Call -Target $row.InterfaceAlias) {
            $Call.Machine.dns["$($row.InterfaceIndex)"] = @($Call.Bound['ServerAddresses'] | Where-Object -FilterScript { $null -ne $_ })
            $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $row.InterfaceAlias)
        }
    }
}

function Get-FakeProfileRow {
    # The identified networks of the machine.
    param([hashtable]$Call)

    foreach ($adapter in $Call.Machine.net_adapters) {
        $category = $Call.Machine.profiles["$($adapter.index)"]
        if ($null -ne $category) {
            [ordered]@{
                Name = $(if ($Call.World.language -eq 'de-DE') { 'Nicht identifiziertes Netzwerk' } else { 'Unidentified network' }); InterfaceAlias = $adapter.name; InterfaceIndex = [uint32]$adapter.index
                NetworkCategory = $(if ($Call.Machine.domain -ne '') { 'DomainAuthenticated' } else { [string]$category }); IPv4Connectivity = 'LocalNetwork'; IPv6Connectivity = 'NoTraffic'
            }
        }
    }
}

Add-FakeBody -Name 'Get-NetConnectionProfile' -Body {
    param($Call)
    $query = [ordered]@{ InterfaceIndex = 'InterfaceIndex'; InterfaceAlias = 'InterfaceAlias'; NetworkCategory = 'NetworkCategory' }
    Write-FakeNet -Class 'MSFT_NetConnectionProfile' -Found @(Select-FakeNet -Call $Call -Class 'MSFT_NetConnectionProfile' -Row @(Get-FakeProfileRow -Call $Call) -Property $query)
}

Add-FakeBody -Name 'Set-NetConnectionProfile' -Body {
    param($Call)
    $refusal = Get-FakeNetRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($row in @(Select-FakeNet -Call $Call -Class 'MSFT_NetConnectionProfile' -Row @(Get-FakeProfileRow -Call $Call) -Property @{ InterfaceIndex = 'InterfaceIndex'; InterfaceAlias = 'InterfaceAlias' })) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
        }
        elseif (Test-FakeShould -Call $Call -Target $row.InterfaceAlias) {
            $Call.Machine.profiles["$($row.InterfaceIndex)"] = [string]$Call.Bound.NetworkCategory
            $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $row.InterfaceAlias)
        }
    }
}

function Get-FakeRuleRow {
    # The firewall rules of the machine.
    param([hashtable]$Call)

    $known = @($Call.Machine.firewall | ForEach-Object -Process { $_.group })
    $more = @($script:FakeGroups | Where-Object -FilterScript { $known -notcontains $_ } | ForEach-Object -Process { @{ name = "$_-1"; group = $_; enabled = $false } })
    foreach ($row in @($Call.Machine.firewall) + $more) {
        $word = $(if ($row.enabled) { 'True' } else { 'False' })
        [ordered]@{ Name = $row.name; DisplayName = $row.name; DisplayGroup = $row.group; Group = $row.group; RuleGroup = $row.group; Enabled = $word; Direction = 'Inbound'; Action = 'Allow'; Profile = 'Any'; PrimaryStatus = 'OK' }
    }
}

Add-FakeBody -Name 'Get-NetFirewallRule' -Body {
    param($Call)
    $query = [ordered]@{ Name = 'Name'; Group = 'Group'; DisplayGroup = 'DisplayGroup'; DisplayName = 'DisplayName' }
    Write-FakeNet -Class 'MSFT_NetFirewallRule' -Found @(Select-FakeNet -Call $Call -Class 'MSFT_NetFirewallRule' -Row @(Get-FakeRuleRow -Call $Call) -Property $query)
}

Add-FakeBody -Name 'Enable-NetFirewallRule' -Body {
    param($Call)
    $refusal = Get-FakeNetRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $query = [ordered]@{ Name = 'Name'; Group = 'Group'; DisplayGroup = 'DisplayGroup'; DisplayName = 'DisplayName' }
    foreach ($row in @(Select-FakeNet -Call $Call -Class 'MSFT_NetFirewallRule' -Row @(Get-FakeRuleRow -Call $Call) -Property $query)) {
        if ($row -isnot [System.Collections.IDictionary]) {
            $row
        }
        elseif (Test-FakeShould -Call $Call -Target $row.Name) {
            $Call.Machine.firewall = @($Call.Machine.firewall | Where-Object -FilterScript { $_.name -ne $row.Name }) + @(@{ name = $row.Name; group = $row.Group; enabled = $true })
            $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $row.Name)
        }
    }
}
