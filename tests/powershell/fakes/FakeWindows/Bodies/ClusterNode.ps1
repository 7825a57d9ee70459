# Get-, Add-, Remove-, Start- and Clear-ClusterNode.
#
# behaviour                                                     | known      | source
# states: Unknown -1, Up 0, Down 1, Paused 2, Joining 3         | documented | docs/sources.md H13
# an absent name: ClusterObjectNotFound, ObjectNotFound         | uncertain  | the module never asks by name
# Add-ClusterNode refuses what New-Cluster refuses of a node, with the id Add-ClusterNode (ClusterNodeNotReachable)
#                                                               | observed   | H14
# a node that is in this or another cluster: id Add-ClusterNode | observed   | text: dsccommunity/FailoverClusterDsc#180; id: uncertain
# Add-ClusterNode warns where its report is                     | uncertain  | a log of 2012 shows the line, not its stream: left out
# Remove-ClusterNode asks without -Force; -Force evicts nodes that are up, too
#                                                               | documented | CmdletDocs Remove-ClusterNode
# the last node is not evicted                                  | uncertain  | winerror.h 5009 allows it, Remove-Cluster is the documented
#                                                               |            | way; refused here, the stricter choice
# a node that was evicted while it was off keeps its configuration and must be cleared
#                                                               | observed   | field reports; documented: CmdletDocs Clear-ClusterNode
# Start-ClusterNode answers a node that is Joining              | documented | CmdletDocs Start-ClusterNode
# a node that cannot be started: id Start-ClusterNode           | uncertain  |
# Clear-ClusterNode works where no service runs and says nothing, also on a machine that never was a node
#                                                               | observed   | log of a 2025 build; microsoft/AzStackHCISandbox;
#                                                               |            | of a running member: refused, uncertain
# Clear-ClusterNode asks without -Force                         | documented | CmdletDocs Clear-ClusterNode

Add-FakeBody -Name 'Get-ClusterNode' -Body {
    param($Call)
    $opened = Open-FakeCluster -Call $Call -Name ([string]$Call.Bound['Cluster'])
    if ($null -eq $opened.Cluster) {
        return $opened.Answer
    }
    $wanted = @()
    if ($Call.Bound.ContainsKey('Name')) {
        $wanted = @($Call.Bound.Name)
    }
    $nodes = @($opened.Cluster.nodes.Keys | ForEach-Object -Process { ConvertTo-FakeNode -World $Call.World -Cluster $opened.Cluster -Uid $_ })
    if ($wanted.Count -eq 0) {
        return $nodes
    }
    foreach ($name in $wanted) {
        $found = @($nodes | Where-Object -FilterScript { $_.Name -like $name })
        if ($found.Count -eq 0) {
            New-FakeClusterError -Call $Call -Word 'ClusterObjectNotFound' -Category ObjectNotFound -Text 'ClusterNodeMissing' -Argument $name, $opened.Cluster.name
        }
        $found
    }
}

Add-FakeBody -Name 'Add-ClusterNode' -WithoutWorld -Body {
    param($Call)
    Invoke-FakeSlowCluster -Call $Call -Body {
        param($Call)
        $opened = Open-FakeCluster -Call $Call -Name ([string]$Call.Bound['Cluster'])
        if ($null -eq $opened.Cluster) {
            return $opened.Answer
        }
        foreach ($name in @($Call.Bound.Name)) {
            $refusal = Get-FakeNodeRefusal -Call $Call -Name $name
            if ($null -ne $refusal) {
                return $refusal
            }
            $machine = Find-FakeNode -Call $Call -Name $name
            Join-FakeNode -Cluster $opened.Cluster -Machine $machine
            Add-FakeChange -Call $Call -Target $machine.computer_name
            ConvertTo-FakeNode -World $Call.World -Cluster $opened.Cluster -Uid $machine.uid
        }
    }
}

Add-FakeBody -Name 'Remove-ClusterNode' -Body {
    param($Call)
    $opened = Open-FakeCluster -Call $Call -Name ([string]$Call.Bound['Cluster'])
    if ($null -eq $opened.Cluster) {
        return $opened.Answer
    }
    foreach ($name in Get-FakeNamedNode -Call $Call) {
        $uid = Find-FakeMember -World $Call.World -Cluster $opened.Cluster -Name $name
        if ($null -eq $uid) {
            New-FakeClusterError -Call $Call -Word 'ClusterObjectNotFound' -Category ObjectNotFound -Text 'ClusterNodeMissing' -Argument $name, $opened.Cluster.name
            continue
        }
        if (-not (Test-FakeShould -Call $Call -Target $name)) {
            continue
        }
        if (-not ($Call.Bound.ContainsKey('Force') -and $Call.Bound.Force)) {
            return New-FakePrompt -Call $Call
        }
        if ($opened.Cluster.nodes.Count -eq 1) {
            New-FakeClusterError -Call $Call -Text 'ClusterLastNode' -Argument $name -HResult 0x80071391
            continue
        }
        $opened.Cluster.nodes.Remove($uid)
        $machine = $Call.World.machines[$uid]
        if ($machine.powered) {
            Reset-FakeNode -World $Call.World -Uid $uid
        }
        Add-FakeChange -Call $Call -Target $machine.computer_name
    }
}

Add-FakeBody -Name 'Start-ClusterNode' -WithoutWorld -Body {
    param($Call)
    Invoke-FakeSlowCluster -Call $Call -Body {
        param($Call)
        $cluster = $null
        if ($Call.World.clusters.ContainsKey($Call.Machine.cluster)) {
            $cluster = $Call.World.clusters[$Call.Machine.cluster]
        }
        foreach ($name in Get-FakeNamedNode -Call $Call) {
            $machine = Find-FakeNode -Call $Call -Name $name
            if ($null -eq $machine) {
                New-FakeClusterError -Call $Call -Text 'ClusterNodeUnreachable' -Argument $name -HResult 0x800706BA
                continue
            }
            if ($null -eq $cluster -or -not $cluster.nodes.Contains($machine.uid)) {
                New-FakeClusterError -Call $Call -Text 'ClusterNodeNoMember' -Argument $name -HResult 0x800713BC
                continue
            }
            if ($Call.World.faults.ContainsKey('down_nodes') -and $Call.World.faults.down_nodes -contains $machine.computer_name) {
                New-FakeClusterError -Call $Call -Text 'ClusterNodeNotStarted' -Argument $name -HResult 0x800705B4
                continue
            }
            if (-not (Test-FakeNodeUp -World $Call.World -Cluster $cluster -Uid $machine.uid)) {
                Join-FakeNode -Cluster $cluster -Machine $machine
                Add-FakeChange -Call $Call -Target $machine.computer_name
            }
            ConvertTo-FakeNode -World $Call.World -Cluster $cluster -Uid $machine.uid -State 'Joining'
        }
    }
}

Add-FakeBody -Name 'Clear-ClusterNode' -Body {
    param($Call)
    foreach ($name in Get-FakeNamedNode -Call $Call) {
        $machine = Find-FakeNode -Call $Call -Name $name
        if ($null -eq $machine) {
            New-FakeClusterError -Call $Call -Word 'ClusterNodeNotReachable' -Category ConnectionError -Text 'ClusterNodeUnreachable' -Argument $name -HResult 0x800706BA
            continue
        }
        if (-not (Test-FakeShould -Call $Call -Target $name)) {
            continue
        }
        if (-not ($Call.Bound.ContainsKey('Force') -and $Call.Bound.Force)) {
            return New-FakePrompt -Call $Call
        }
        if ($null -ne (Get-FakeMemberCluster -World $Call.World -Machine $machine)) {
            New-FakeClusterError -Call $Call -Text 'ClusterNodeActive' -Argument $name -HResult 0x8007139F
            continue
        }
        if ($machine.cluster -ne '') {
            Reset-FakeNode -World $Call.World -Uid $machine.uid
            Add-FakeChange -Call $Call -Target $machine.computer_name
        }
    }
}

function Get-FakeNamedNode {
    # The names that a node cmdlet is for: -Name, the piped node, else this machine.
    param([hashtable]$Call)

    if ($Call.Bound.ContainsKey('Name')) {
        return @($Call.Bound.Name)
    }
    if ($Call.Bound.ContainsKey('InputObject') -and $null -ne $Call.Bound.InputObject.PSObject.Properties['NodeName']) {
        return @($Call.Bound.InputObject.Name)
    }
    return @($Call.Machine.computer_name)
}

function Find-FakeMember {
    # The uid of a node by its name (or full name); $null when the cluster has none.
    param([hashtable]$World, [hashtable]$Cluster, [string]$Name)

    foreach ($uid in $Cluster.nodes.Keys) {
        if ($World.machines[$uid].computer_name -eq $Name.Split('.')[0]) {
            return $uid
        }
    }
    return $null
}

function Get-FakeDrain {
    # How the drain of a node in this state ended.
    param([hashtable]$World, [string]$State)

    if ($State -ne 'Paused') {
        return 'NotInitiated'
    }
    if ($World.faults.ContainsKey('drain_fails')) {
        return 'Failed'
    }
    return 'Completed'
}

function ConvertTo-FakeNode {
    # A node as Get-ClusterNode shows it.
    param([hashtable]$World, [hashtable]$Cluster, [string]$Uid, [string]$State = '')

    $machine = $World.machines[$Uid]
    if ($State -eq '') {
        $State = Get-FakeNodeState -World $World -Cluster $Cluster -Uid $Uid
    }
    $number = [array]::IndexOf(@($Cluster.nodes.Keys), $Uid) + 1
    return New-FakeClusterObject -Type 'ClusterNode' -Property ([ordered]@{
            Name = $machine.computer_name; NodeName = $machine.computer_name; Id = [string]$number; State = $State; StatusInformation = 'Normal'
            Cluster = (ConvertTo-FakeCluster -World $World -Cluster $Cluster); Type = 'Node'; DrainStatus = (Get-FakeDrain -World $World -State $State); DrainTarget = [uint32]::MaxValue
            NodeWeight = 1; DynamicWeight = 1; MajorVersion = 10; MinorVersion = 0; BuildNumber = [uint32]$machine.os_build
            NodeInstanceID = ('00000000-0000-0000-0000-{0:d12}' -f $number); Description = ''
        })
}
