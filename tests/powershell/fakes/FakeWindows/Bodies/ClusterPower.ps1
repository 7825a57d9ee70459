# Stop-Cluster, Start-Cluster, Suspend- and Resume-ClusterNode.
#
# behaviour                                                     | known      | source
# Stop-Cluster stops the service on all nodes; it asks without -Force
#                                                               | documented | CmdletDocs Stop-Cluster; that nobody can answer: as Remove-Cluster
# the service of a node stays automatic, so it starts with the next boot
#                                                               | documented | Microsoft Learn, Cluster service startup
# Start-Cluster starts it on all nodes of the local cluster where it does not run
#                                                               | documented | CmdletDocs Start-Cluster; where no service runs here: uncertain
# ... of a machine that is of no cluster: id Start-Cluster      | uncertain  | the module never asks there
# Suspend-ClusterNode -Drain moves roles away; a node that is down is refused with the id Suspend-ClusterNode
#                                                               | uncertain  | documented: CmdletDocs Suspend-ClusterNode; the id by analogy
# -Wait returns when the drain has ended; a failed one shows as DrainStatus Failed of a paused node
#                                                               | uncertain  | documented: DrainStatus; that no error is raised: not known
# an absent node: ClusterObjectNotFound                         | uncertain  | the module never asks by such a name
# Resume-ClusterNode of a paused node                           | documented | CmdletDocs Resume-ClusterNode

Add-FakeBody -Name 'Stop-Cluster' -Body {
    param($Call)
    $opened = Open-FakeCluster -Call $Call -Name ([string]$Call.Bound['Cluster'])
    if ($null -eq $opened.Cluster) {
        return $opened.Answer
    }
    if (-not (Test-FakeShould -Call $Call -Target $opened.Cluster.name)) {
        return
    }
    if (-not ($Call.Bound.ContainsKey('Force') -and $Call.Bound.Force)) {
        return New-FakePrompt -Call $Call
    }
    foreach ($uid in @($opened.Cluster.nodes.Keys)) {
        $opened.Cluster.nodes[$uid] = 'Down'
        Set-FakeClusterService -Machine $Call.World.machines[$uid] -State 'Stopped' -Start 2
    }
    Add-FakeChange -Call $Call -Target $opened.Cluster.name
}

Add-FakeBody -Name 'Start-Cluster' -WithoutWorld -Body {
    param($Call)
    Invoke-FakeSlowCluster -Call $Call -Body {
        param($Call)
        if (-not $Call.World.clusters.ContainsKey($Call.Machine.cluster)) {
            return New-FakeClusterError -Call $Call -Text 'ClusterNodeNoMember' -Argument $Call.Machine.computer_name -HResult 0x800713BC
        }
        $cluster = $Call.World.clusters[$Call.Machine.cluster]
        foreach ($uid in @($cluster.nodes.Keys)) {
            $machine = $Call.World.machines[$uid]
            $kept = $Call.World.faults.ContainsKey('down_nodes') -and $Call.World.faults.down_nodes -contains $machine.computer_name
            if ($machine.powered -and -not $kept -and -not (Test-FakeNodeUp -World $Call.World -Cluster $cluster -Uid $uid)) {
                Join-FakeNode -Cluster $cluster -Machine $machine
            }
        }
        Add-FakeChange -Call $Call -Target $cluster.name
        ConvertTo-FakeCluster -World $Call.World -Cluster $cluster
    }
}

Add-FakeBody -Name 'Suspend-ClusterNode' -WithoutWorld -Body {
    param($Call)
    Invoke-FakeSlowCluster -Call $Call -Body {
        param($Call)
        Set-FakePaused -Call $Call -Body {
            param($Call, $Cluster, $Uid, $Name)
            if (-not (Test-FakeNodeUp -World $Call.World -Cluster $Cluster -Uid $Uid)) {
                return New-FakeClusterError -Call $Call -Text 'ClusterNodeNotDrained' -Argument $Name -HResult 0x800713BA
            }
            if (Test-FakeShould -Call $Call -Target $Name) {
                $Cluster.nodes[$Uid] = 'Paused'
                Add-FakeChange -Call $Call -Target $Name
            }
            ConvertTo-FakeNode -World $Call.World -Cluster $Cluster -Uid $Uid
        }
    }
}

Add-FakeBody -Name 'Resume-ClusterNode' -Body {
    param($Call)
    Set-FakePaused -Call $Call -Body {
        param($Call, $Cluster, $Uid, $Name)
        if ($Cluster.nodes[$Uid] -eq 'Paused') {
            $Cluster.nodes[$Uid] = 'Up'
            Add-FakeChange -Call $Call -Target $Name
        }
        ConvertTo-FakeNode -World $Call.World -Cluster $Cluster -Uid $Uid
    }
}

function Set-FakePaused {
    # Runs a body for each named node of the cluster; one that is no node is an error.
    param([hashtable]$Call, [scriptblock]$Body)

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
        & $Body $Call $opened.Cluster $uid $name
    }
}
