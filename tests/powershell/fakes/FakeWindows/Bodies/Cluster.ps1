# Get-Cluster, New-Cluster, Remove-Cluster.
#
# behaviour                                                     | known      | source
# a node that does not answer: ClusterNodeNotReachable, ConnectionError
#                                                               | observed   | docs/sources.md H14
# a node without the feature: its remote registry is not reached, id New-Cluster, NotSpecified
#                                                               | observed   | log of a 2025 build: the feature opens the firewall;
#                                                               |            | that New-Cluster says it like this: uncertain
# no rights there (other password, filtered token): "You do not have administrative privileges", id New-Cluster, NotSpecified
#                                                               | observed   | H14; workgroup rules: documented, H15
# a member of a cluster: "The computer 'X' is joined to a cluster", id New-Cluster
#                                                               | observed   | text: dsccommunity/FailoverClusterDsc#180; id: uncertain
# a static address on no network of the nodes: "was not found on any cluster network"
#                                                               | observed   | text: dsccommunity/FailoverClusterDsc#32, #183; id: uncertain
# an address or a name that somebody has: id New-Cluster        | uncertain  | texts and codes; that it is refused: field reports
# a node without a primary DNS suffix in a workgroup            | uncertain  | required: documented, H15; the refusal is not known
# Active Directory access point without a domain                | uncertain  | required: documented, H15; the refusal is not known
# a creation that fails late leaves its configuration: the next one says InvalidHandle, InvalidArgument, until
#   Clear-ClusterNode                                           | observed   | log of a 2025 build
# the service is disabled (Start 4) on a machine of no cluster, automatic (2) on a node
#                                                               | documented | Microsoft Learn, Cluster service startup; after a failed
#                                                               |            | creation: uncertain
# no -Node: a cluster of this machine                           | documented | CmdletDocs New-Cluster
# without a static address the cluster has no IP Address resource; DHCP addresses are not modelled
#                                                               | uncertain  |
# New-Cluster has no -WhatIf                                    | observed   | metadata of a 2025 module
# Remove-Cluster asks (Yes, No, Suspend) without -Force         | observed   | log of 2012; documented: CmdletDocs Remove-Cluster
# Remove-Cluster deletes the configuration on all nodes         | documented | CmdletDocs Remove-Cluster; nodes that are down keep it: uncertain
# cluster defaults (thresholds 20, delays 1000)                 | observed   | log of a 2025 build

Add-FakeBody -Name 'Get-Cluster' -Body {
    param($Call)
    if ($Call.Bound.ContainsKey('Domain')) {
        return
    }
    $opened = Open-FakeCluster -Call $Call -Name ([string]$Call.Bound['Name'])
    if ($null -eq $opened.Cluster) {
        return $opened.Answer
    }
    ConvertTo-FakeCluster -World $Call.World -Cluster $opened.Cluster
}

Add-FakeBody -Name 'New-Cluster' -WithoutWorld -Body {
    param($Call)
    Invoke-FakeSlowCluster -Call $Call -Body {
        param($Call)
        $names = @($Call.Machine.computer_name)
        if ($Call.Bound.ContainsKey('Node')) {
            $names = @($Call.Bound.Node)
        }
        $addresses = @()
        if ($Call.Bound.ContainsKey('StaticAddress')) {
            $addresses = @($Call.Bound.StaticAddress)
        }
        $point = 'ActiveDirectoryAndDns'
        if ($Call.Bound.ContainsKey('AdministrativeAccessPoint')) {
            $point = $Call.Bound.AdministrativeAccessPoint.ToString()
        }
        $nodes = @()
        foreach ($name in $names) {
            $refusal = Get-FakeNodeRefusal -Call $Call -Name $name
            if ($null -ne $refusal) {
                return $refusal
            }
            $nodes += , (Find-FakeNode -Call $Call -Name $name)
        }
        $refusal = Get-FakeClusterRefusal -Call $Call -Node $nodes -Address $addresses -Point $point
        if ($null -ne $refusal) {
            return $refusal
        }
        $cluster = @{
            name = $Call.Bound.Name; access_point = $point; addresses = $addresses; nodes = [ordered]@{}; s2d = $false; pool = ''
            quorum = @{ type = 'Majority'; resource = $null }; witness = @{ kind = 'none'; detail = '' }
        }
        foreach ($node in $nodes) {
            Join-FakeNode -Cluster $cluster -Machine $node
        }
        $Call.World.clusters[$cluster.name] = $cluster
        Add-FakeChange -Call $Call -Target $cluster.name
        ConvertTo-FakeCluster -World $Call.World -Cluster $cluster
    }
}

Add-FakeBody -Name 'Remove-Cluster' -Body {
    param($Call)
    $opened = Open-FakeCluster -Call $Call -Name ([string]$Call.Bound['Cluster'])
    if ($null -eq $opened.Cluster) {
        return $opened.Answer
    }
    $cluster = $opened.Cluster
    if (-not (Test-FakeShould -Call $Call -Target $cluster.name)) {
        return
    }
    if (-not ($Call.Bound.ContainsKey('Force') -and $Call.Bound.Force)) {
        return New-FakePrompt -Call $Call
    }
    foreach ($uid in @($cluster.nodes.Keys)) {
        Reset-FakeNode -World $Call.World -Uid $uid
    }
    $Call.World.clusters.Remove($cluster.name)
    Add-FakeChange -Call $Call -Target $cluster.name
}

function ConvertTo-FakeCluster {
    # The cluster as Get-Cluster shows it.
    param([hashtable]$World, [hashtable]$Cluster)

    $domain = ''
    foreach ($uid in $Cluster.nodes.Keys) {
        $domain = Get-FakeDnsSuffix -Machine $World.machines[$uid]
    }
    return New-FakeClusterObject -Type 'Cluster' -Property ([ordered]@{
            Name = $Cluster.name; Domain = $domain; Description = ''; AdministrativeAccessPoint = $Cluster.access_point
            S2DEnabled = [uint32]$Cluster.s2d; DynamicQuorum = 1; EnableSharedVolumes = 'Enabled'; SharedVolumesRoot = 'C:\ClusterStorage'
            SameSubnetDelay = 1000; SameSubnetThreshold = 20; CrossSubnetDelay = 1000; CrossSubnetThreshold = 20
            DetectedCloudPlatform = 'None'; BackupInProgress = 0; PreventQuorum = 0
        })
}

function Get-FakeNodeRefusal {
    # Why a machine cannot be a node of a new or another cluster; $null when it can.
    param([hashtable]$Call, [string]$Name)

    $machine = Find-FakeNode -Call $Call -Name $Name
    if ($null -eq $machine) {
        return New-FakeClusterError -Call $Call -Word 'ClusterNodeNotReachable' -Category ConnectionError -Text 'ClusterNodeUnreachable' -Argument $Name -HResult 0x800706BA
    }
    if (-not (Test-FakeNodeRights -Call $Call -Target $machine)) {
        return New-FakeClusterError -Call $Call -Text 'ClusterNodeAccess' -Argument $Name -HResult 0x80070005
    }
    if ($machine.features['Failover-Clustering'] -ne 'Installed') {
        return New-FakeClusterError -Call $Call -Text 'ClusterNodeRegistry' -Argument $Name -HResult 0x80070035
    }
    if ($machine.cluster -ne '' -and -not $Call.World.clusters.ContainsKey($machine.cluster)) {
        return New-FakeClusterError -Call $Call -Word 'InvalidHandle' -Category InvalidArgument -Text 'ClusterLeftover' -Argument $Call.Bound['Name'] -HResult 0x80070006
    }
    if ($machine.cluster -ne '') {
        return New-FakeClusterError -Call $Call -Text 'ClusterNodeJoined' -Argument $Name -HResult 0x8007139F
    }
    return $null
}

function Get-FakeClusterRefusal {
    # Why a cluster of this name and these addresses cannot be made. What is found out late leaves half a configuration on the nodes.
    param([hashtable]$Call, [object[]]$Node, [string[]]$Address = @(), [string]$Point)

    foreach ($one in $Address) {
        if (-not (Test-FakeNodeNetwork -Node $Node -Address $one)) {
            return New-FakeClusterError -Call $Call -Text 'ClusterAddressElsewhere' -Argument $one
        }
    }
    $late = $null
    if ($Point -like 'ActiveDirectory*' -and @($Node | Where-Object -FilterScript { $_.domain -eq '' }).Count -gt 0) {
        $late = New-FakeClusterError -Call $Call -Text 'ClusterNoDomain' -Argument $Call.Bound.Name -HResult 0x8007054B
    }
    elseif ($Point -ne 'None' -and @($Node | Where-Object -FilterScript { (Get-FakeDnsSuffix -Machine $_) -eq '' }).Count -gt 0) {
        $late = New-FakeClusterError -Call $Call -Text 'ClusterNoSuffix' -Argument $Call.Bound.Name
    }
    elseif (Test-FakeNameTaken -Call $Call) {
        $late = New-FakeClusterError -Call $Call -Text 'ClusterNameTaken' -Argument $Call.Bound.Name -HResult 0x80070034
    }
    elseif (@($Address | Where-Object -FilterScript { Test-FakeAddressTaken -Call $Call -Address $_ }).Count -gt 0) {
        $late = New-FakeClusterError -Call $Call -Text 'ClusterAddressTaken' -Argument ($Address -join ', ') -HResult 0x80071397
    }
    if ($null -ne $late) {
        foreach ($one in $Node) {
            $one.cluster = $Call.Bound.Name
            Set-FakeClusterService -Machine $one -State 'Stopped' -Start 2
        }
    }
    return $late
}

function Test-FakeNameTaken {
    # Whether a powered machine or another cluster has the name.
    param([hashtable]$Call)

    $names = @($Call.World.machines.Values | Where-Object -FilterScript { $_.powered } | ForEach-Object -Process { $_.computer_name })
    return $names -contains $Call.Bound.Name -or @($Call.World.clusters.Keys) -contains $Call.Bound.Name
}

function Test-FakeAddressTaken {
    # Whether a powered machine or another cluster has the address.
    param([hashtable]$Call, [string]$Address)

    foreach ($machine in $Call.World.machines.Values) {
        if ($machine.powered -and @($machine.addresses | ForEach-Object -Process { $_.address }) -contains $Address) {
            return $true
        }
    }
    return @($Call.World.clusters.Values | ForEach-Object -Process { $_.addresses }) -contains $Address
}

function Test-FakeNodeNetwork {
    # Whether an address is in a network of one of the nodes; a node whose addresses come from DHCP may be on any.
    param([object[]]$Node, [string]$Address)

    foreach ($machine in $Node) {
        if (@($machine.addresses).Count -eq 0) {
            return $true
        }
        foreach ($own in $machine.addresses) {
            if ((Get-FakeNetworkNumber -Address $own.address -Prefix $own.prefix) -eq (Get-FakeNetworkNumber -Address $Address -Prefix $own.prefix)) {
                return $true
            }
        }
    }
    return $false
}

function Get-FakeNetworkNumber {
    # The first bits of an IPv4 address as a number.
    param([string]$Address, [int]$Prefix)

    $number = [uint32]0
    foreach ($part in [System.Net.IPAddress]::Parse($Address).GetAddressBytes()) {
        $number = $number * 256 + $part
    }
    return [uint32]([System.Math]::Floor($number / [System.Math]::Pow(2, 32 - $Prefix)))
}

function Join-FakeNode {
    # Makes a machine a node whose service runs.
    param([hashtable]$Cluster, [hashtable]$Machine)

    $Cluster.nodes[$Machine.uid] = 'Up'
    $Machine.cluster = $Cluster.name
    Set-FakeClusterService -Machine $Machine -State 'Running' -Start 2
}

function Reset-FakeNode {
    # Takes the cluster's configuration off a machine.
    param([hashtable]$World, [string]$Uid)

    $machine = $World.machines[$Uid]
    if ($null -ne $machine) {
        $machine.cluster = ''
        Set-FakeClusterService -Machine $machine -State 'Stopped' -Start 4
    }
}

function Set-FakeClusterService {
    # The cluster service's state and its start type (2 automatic, 4 disabled).
    param([hashtable]$Machine, [string]$State, [int]$Start)

    $Machine.services[$script:ClusterService] = $State
    $Machine.registry['HKLM:\SYSTEM\CurrentControlSet\Services\ClusSvc'] = @{ Start = $Start }
}
