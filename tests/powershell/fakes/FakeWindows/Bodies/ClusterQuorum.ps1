# Get-ClusterResource, Get-ClusterParameter, Get-ClusterQuorum, Set-ClusterQuorum.
#
# behaviour                                                     | known      | source
# core resources: Cluster Name (Network Name), Cluster IP Address (IP Address), File Share Witness (of its own type)
#                                                               | observed   | log of a 2025 build
# the cloud witness is a resource of the type Cloud Witness     | documented | Microsoft Learn, Deploy a cloud witness; its parameters
#                                                               |            | AccountName, EndpointInfo: uncertain
# Get-ClusterParameter without an object: PSArgument, InvalidArgument
#                                                               | observed   | log of a 2025 build
# an absent resource or parameter: ClusterObjectNotFound, ObjectNotFound
#                                                               | uncertain  | id and category
# QuorumType is Majority with and without a witness             | documented | enum of the 2025 module; CmdletDocs Get-ClusterQuorum
# empty names and keys are refused by the binder                | observed   | metadata of a 2025 module (not_empty)
# a refused access key: id Set-ClusterQuorum, NotSpecified      | observed   | public log of 2015; here an ordered refusal
# a key that is not Base64: id Set-ClusterQuorum                | uncertain  | keys of storage accounts are Base64: documented; who says it is not
# a cloud witness without account or key, no witness at all: PSArgument, InvalidArgument
#                                                               | uncertain  |
# a share that is not a UNC path, or in a workgroup: id Set-ClusterQuorum
#                                                               | uncertain  | docs/sources.md H15: the pages contradict each other
# a disk witness takes the name of a Physical Disk resource     | documented | CmdletDocs Set-ClusterQuorum; nested labs have none

Add-FakeBody -Name 'Get-ClusterResource' -Body {
    param($Call)
    $opened = Open-FakeCluster -Call $Call -Name ([string]$Call.Bound['Cluster'])
    if ($null -eq $opened.Cluster) {
        return $opened.Answer
    }
    $resources = @(Get-FakeResource -Call $Call -Cluster $opened.Cluster)
    if (-not $Call.Bound.ContainsKey('Name')) {
        return $resources
    }
    foreach ($name in $Call.Bound.Name) {
        $found = @($resources | Where-Object -FilterScript { $_.Name -like $name })
        if ($found.Count -eq 0) {
            New-FakeClusterError -Call $Call -Word 'ClusterObjectNotFound' -Category ObjectNotFound -Text 'ClusterResourceMissing' -Argument $name
        }
        $found
    }
}

Add-FakeBody -Name 'Get-ClusterParameter' -Body {
    param($Call)
    if (-not $Call.Bound.ContainsKey('InputObject') -or $null -eq $Call.Bound.InputObject) {
        return New-FakeClusterError -Call $Call -Word 'PSArgument' -Category InvalidArgument -Text 'ClusterNoObject'
    }
    $opened = Open-FakeCluster -Call $Call
    if ($null -eq $opened.Cluster) {
        return $opened.Answer
    }
    $resource = $Call.Bound.InputObject
    $values = Get-FakeResourceValue -Cluster $opened.Cluster -Type ([string]$resource.ResourceType)
    $names = @($values.Keys)
    if ($Call.Bound.ContainsKey('Name')) {
        $names = @($Call.Bound.Name)
    }
    foreach ($name in $names) {
        if (-not $values.Contains($name)) {
            New-FakeClusterError -Call $Call -Word 'ClusterObjectNotFound' -Category ObjectNotFound -Text 'ClusterParameterMissing' -Argument $name, $resource.Name
            continue
        }
        New-FakeClusterObject -Type 'ClusterParameter' -Property ([ordered]@{ ClusterObject = $resource; Name = $name; IsReadOnly = $false; ParameterType = 'String'; Value = $values[$name] })
    }
}

Add-FakeBody -Name 'Get-ClusterQuorum' -Body {
    param($Call)
    $opened = Open-FakeCluster -Call $Call -Name ([string]$Call.Bound['Cluster'])
    if ($null -eq $opened.Cluster) {
        return $opened.Answer
    }
    ConvertTo-FakeQuorum -Call $Call -Cluster $opened.Cluster
}

Add-FakeBody -Name 'Set-ClusterQuorum' -WithoutWorld -Body {
    param($Call)
    Invoke-FakeSlowCluster -Call $Call -Body {
        param($Call)
        $opened = Open-FakeCluster -Call $Call -Name ([string]$Call.Bound['Cluster'])
        if ($null -eq $opened.Cluster) {
            return $opened.Answer
        }
        $wanted = Get-FakeWantedWitness -Call $Call -Cluster $opened.Cluster
        if ($wanted -is [System.Management.Automation.ErrorRecord]) {
            return $wanted
        }
        $opened.Cluster.witness = @{ kind = $wanted.kind; detail = $wanted.detail }
        $opened.Cluster.quorum = @{ type = 'Majority'; resource = $wanted.resource }
        Add-FakeChange -Call $Call -Target $opened.Cluster.name
        ConvertTo-FakeQuorum -Call $Call -Cluster $opened.Cluster
    }
}

function Get-FakeWantedWitness {
    # The witness that was asked for: kind, detail and the name of its resource; an error when it cannot be.
    param([hashtable]$Call, [hashtable]$Cluster)

    $bound = $Call.Bound
    if ($bound.ContainsKey('NoWitness') -and $bound.NoWitness) {
        return @{ kind = 'none'; detail = ''; resource = $null }
    }
    if ($bound.ContainsKey('FileShareWitness')) {
        $allowed = $Call.Machine.domain -ne '' -or ($Call.World.faults.ContainsKey('workgroup_file_share') -and $Call.World.faults.workgroup_file_share)
        if ($bound.FileShareWitness -notlike '\\*\*' -or -not $allowed) {
            return New-FakeClusterError -Call $Call -Text 'ClusterShareRefused' -Argument $bound.FileShareWitness
        }
        return @{ kind = 'file_share'; detail = $bound.FileShareWitness; resource = Get-FakeText -World $Call.World -Key 'ClusterFileShareWitness' }
    }
    if ($bound.ContainsKey('CloudWitness') -and $bound.CloudWitness) {
        if (-not $bound.ContainsKey('AccountName') -or -not $bound.ContainsKey('AccessKey')) {
            return New-FakeClusterError -Call $Call -Word 'PSArgument' -Category InvalidArgument -Text 'ClusterCloudArgument'
        }
        if (-not (Test-FakeBase64 -Text $bound.AccessKey)) {
            return New-FakeClusterError -Call $Call -Text 'ClusterCloudKey'
        }
        $detail = $bound.AccountName
        if (-not [string]::IsNullOrEmpty($bound['Endpoint'])) {
            $detail = "$detail@$($bound.Endpoint)"
        }
        return @{ kind = 'cloud'; detail = $detail; resource = Get-FakeText -World $Call.World -Key 'ClusterCloudWitness' }
    }
    if ($bound.ContainsKey('DiskWitness')) {
        return New-FakeClusterError -Call $Call -Word 'ClusterObjectNotFound' -Category ObjectNotFound -Text 'ClusterResourceMissing' -Argument $bound.DiskWitness
    }
    return New-FakeClusterError -Call $Call -Word 'PSArgument' -Category InvalidArgument -Text 'ClusterNoWitness'
}

function Test-FakeBase64 {
    # Whether a text is what a storage account's key is.
    param([string]$Text)

    try {
        return [System.Convert]::FromBase64String($Text).Length -gt 0
    }
    catch [System.FormatException] {
        return $false
    }
}

function ConvertTo-FakeQuorum {
    # The quorum as Get-ClusterQuorum shows it.
    param([hashtable]$Call, [hashtable]$Cluster)

    $resource = $null
    foreach ($one in Get-FakeResource -Call $Call -Cluster $Cluster) {
        if ($one.Name -eq $Cluster.quorum.resource) {
            $resource = $one
        }
    }
    return New-FakeClusterObject -Type 'ClusterQuorumSettings' -Property ([ordered]@{
            Cluster = (ConvertTo-FakeCluster -World $Call.World -Cluster $Cluster); QuorumResource = $resource; QuorumType = $Cluster.quorum.type
        })
}

function Get-FakeResource {
    # The cluster's resources: its name, its addresses, its witness.
    param([hashtable]$Call, [hashtable]$Cluster)

    $rows = [System.Collections.Generic.List[object]]::new()
    if ($Cluster.access_point -ne 'None') {
        $rows.Add(@('ClusterNameResource', 'Network Name'))
        foreach ($address in $Cluster.addresses) {
            $rows.Add(@('ClusterAddressResource', 'IP Address'))
        }
    }
    foreach ($row in $rows) {
        ConvertTo-FakeResource -Call $Call -Cluster $Cluster -Name (Get-FakeText -World $Call.World -Key $row[0]) -Type $row[1]
    }
    if ($null -ne $Cluster.quorum.resource) {
        $types = @{ file_share = 'File Share Witness'; cloud = 'Cloud Witness'; disk = 'Physical Disk' }
        ConvertTo-FakeResource -Call $Call -Cluster $Cluster -Name $Cluster.quorum.resource -Type $types[$Cluster.witness.kind]
    }
}

function ConvertTo-FakeResource {
    # A core resource that is online.
    param([hashtable]$Call, [hashtable]$Cluster, [string]$Name, [string]$Type)

    $shown = ConvertTo-FakeCluster -World $Call.World -Cluster $Cluster
    $kind = New-FakeClusterObject -Type 'ClusterResourceType' -Property ([ordered]@{ Name = $Type; DisplayName = $Type; Cluster = $shown })
    $group = New-FakeClusterObject -Type 'ClusterGroup' -Property ([ordered]@{ Name = 'Cluster Group'; Cluster = $shown; GroupType = 'Cluster'; IsCoreGroup = $true; State = 'Online' })
    return New-FakeClusterObject -Type 'ClusterResource' -Property ([ordered]@{
            Name = $Name; Cluster = $shown; ResourceType = $kind; OwnerGroup = $group; IsCoreResource = $true; State = 'Online'
            IsNetworkClassResource = ($Type -in 'Network Name', 'IP Address'); IsStorageClassResource = ($Type -eq 'Physical Disk')
        })
}

function Get-FakeResourceValue {
    # The private properties of a resource, by the name of its type. The key of a cloud witness cannot be read.
    param([hashtable]$Cluster, [string]$Type)

    $detail = [string]$Cluster.witness.detail
    if ($Type -eq 'IP Address') {
        return [ordered]@{ Address = @($Cluster.addresses)[0]; SubnetMask = '255.255.255.0'; EnableDhcp = [uint32]0 }
    }
    if ($Type -eq 'Network Name') {
        return [ordered]@{ Name = $Cluster.name.ToUpperInvariant(); DnsName = $Cluster.name }
    }
    if ($Type -eq 'File Share Witness') {
        return [ordered]@{ SharePath = $detail; ArbitrationDelay = [uint32]6 }
    }
    if ($Type -eq 'Cloud Witness') {
        $account, $endpoint = $detail.Split('@', 2)
        if ([string]::IsNullOrEmpty($endpoint)) {
            $endpoint = 'core.windows.net'
        }
        return [ordered]@{ AccountName = $account; EndpointInfo = $endpoint; ContainerName = 'msft-cloud-witness' }
    }
    return [ordered]@{}
}
