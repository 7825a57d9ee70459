# What the bodies of the failover cluster cmdlets share: which cluster this is, who can be reached, objects and errors.
#
# behaviour                                                     | known      | source
# ids: a word for what is classified, else the cmdlet's name    | observed   | docs/sources.md H14
# service not running, or no member: ClusterEndpointNotRegistered, ConnectionError, and a warning about remoting
#                                                               | observed   | H14, log of a 2025 build
# a cluster of a name that nobody answers for: ClusterRpcConnection, ConnectionError
#                                                               | observed   | H14
# class names: Get-ClusterNode is GetNodeCommand, GetResource-, GetParameterCommand; the others Verb-Noun
#                                                               | observed   | logs; Get-ClusterQuorum, Start-, Clear-ClusterNode,
#                                                               |            | Remove-Cluster are by analogy: uncertain
# errors do not terminate                                       | uncertain  | the stricter choice: H8
# HRESULT of the exception: the Win32 code of the last line     | uncertain  | only the texts are known
# errors have no target: CategoryInfo prints (:)                | observed   | every log of H14
# a cluster without quorum stops its service; dynamic quorum keeps half of the votes
#                                                               | documented | Microsoft Learn, Understanding cluster and pool quorum;
#                                                               |            | the exact half: uncertain
# a node that is off or whose service is stopped is Down        | documented | MSCS ClusNode.State
# names of core resources are translated, types are not         | uncertain  | docs/windows-checklist.md 6.4
# objects print as their names                                  | observed   | Format-List of a node prints "Cluster : name"

$script:ClusterType = 'Microsoft.FailoverClusters.PowerShell'
$script:ClusterService = 'ClusSvc'

function New-FakeClusterError {
    # An error of a cluster cmdlet; without a word its id is the cmdlet's own name.
    param(
        [hashtable]$Call,
        [string]$Text,
        [object[]]$Argument = @(),
        [string]$Word = '',
        [System.Management.Automation.ErrorCategory]$Category = 'NotSpecified',
        [long]$HResult = 0x80004005
    )
    if ($Word -eq '') {
        $Word = $Call.Name
    }
    return New-FakeError -Call $Call -Id $Word -Category $Category -Text $Text -Argument $Argument -HResult $HResult -Exception "$($script:ClusterType).ClusterCmdletException"
}

function New-FakeClusterObject {
    # An object of the module's own types.
    param([string]$Type, [System.Collections.IDictionary]$Property)

    return New-FakeObject -Type "$($script:ClusterType).$Type" -Property $Property
}

function Test-FakeNodeUp {
    # Whether the cluster service of a node runs, before quorum is asked.
    param([hashtable]$World, [hashtable]$Cluster, [string]$Uid)

    $machine = $World.machines[$Uid]
    if ($null -eq $machine -or -not $machine.powered -or $Cluster.nodes[$Uid] -eq 'Down') {
        return $false
    }
    if ($World.faults.ContainsKey('down_nodes') -and $World.faults.down_nodes -contains $machine.computer_name) {
        return $false
    }
    return $machine.services[$script:ClusterService] -eq 'Running'
}

function Test-FakeClusterQuorum {
    # Whether at least half of the votes are there, one node among them.
    param([hashtable]$World, [hashtable]$Cluster)

    $up = @($Cluster.nodes.Keys | Where-Object -FilterScript { Test-FakeNodeUp -World $World -Cluster $Cluster -Uid $_ }).Count
    $witness = [int]($null -ne $Cluster.quorum.resource)
    return $up -gt 0 -and 2 * ($up + $witness) -ge $Cluster.nodes.Count + $witness
}

function Get-FakeNodeState {
    # What a running cluster says of a node.
    param([hashtable]$World, [hashtable]$Cluster, [string]$Uid)

    if (Test-FakeNodeUp -World $World -Cluster $Cluster -Uid $Uid) {
        return $Cluster.nodes[$Uid]
    }
    return 'Down'
}

function Get-FakeMemberCluster {
    # The cluster that a machine takes part in now; $null when its service does not run.
    param([hashtable]$World, [hashtable]$Machine)

    if ($Machine.cluster -eq '' -or -not $World.clusters.ContainsKey($Machine.cluster)) {
        return $null
    }
    $cluster = $World.clusters[$Machine.cluster]
    if ((Test-FakeNodeUp -World $World -Cluster $cluster -Uid $Machine.uid) -and (Test-FakeClusterQuorum -World $World -Cluster $cluster)) {
        return $cluster
    }
    return $null
}

function Open-FakeCluster {
    # The cluster that a call is for, or the warning and the error that the call answers: @{ Cluster; Answer }.
    param([hashtable]$Call, [string]$Name = '')

    if ($Name -eq '' -and $Call.Bound.ContainsKey('InputObject') -and $null -ne $Call.Bound.InputObject.PSObject.Properties['Cluster']) {
        $Name = [string]$Call.Bound.InputObject.Cluster.Name
    }
    if ($Name -in '', '.') {
        $cluster = Get-FakeMemberCluster -World $Call.World -Machine $Call.Machine
        if ($null -ne $cluster) {
            return @{ Cluster = $cluster; Answer = @() }
        }
        $failure = New-FakeClusterError -Call $Call -Word 'ClusterEndpointNotRegistered' -Category ConnectionError -Text 'ClusterServiceStopped' -HResult 0x800706D9
        return @{ Cluster = $null; Answer = @((New-FakeWarning -Call $Call -Text 'ClusterRemoting'), $failure) }
    }
    foreach ($cluster in $Call.World.clusters.Values) {
        $member = @($cluster.nodes.Keys | Where-Object -FilterScript { $Call.World.machines[$_].computer_name -eq $Name }).Count
        if (($cluster.name -eq $Name -or $member -gt 0) -and (Test-FakeClusterQuorum -World $Call.World -Cluster $cluster)) {
            return @{ Cluster = $cluster; Answer = @() }
        }
    }
    $failure = New-FakeClusterError -Call $Call -Word 'ClusterRpcConnection' -Category ConnectionError -Text 'ClusterNameUnreachable' -HResult 0x800706BA
    return @{ Cluster = $null; Answer = @($failure) }
}

function Test-FakeSharedNetwork {
    # Whether two machines have adapters on one switch of their host; hosts are all on one network.
    param([hashtable]$World, [hashtable]$One, [hashtable]$Other)

    if ($One.host -ne $Other.host) {
        return $false
    }
    if ($One.host -eq '') {
        return $true
    }
    $vms = $World.machines[$One.host].vms
    $mine = @($vms[$One.vm].adapters | ForEach-Object -Process { $_.switch } | Where-Object -FilterScript { $_ -ne '' })
    return @($vms[$Other.vm].adapters | Where-Object -FilterScript { $mine -contains $_.switch }).Count -gt 0
}

function Get-FakeDnsSuffix {
    # A machine's primary DNS suffix: its domain, else what the registry says.
    param([hashtable]$Machine)

    if ($Machine.domain -ne '') {
        return $Machine.domain
    }
    $key = $Machine.registry['HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters']
    if ($null -ne $key -and $key.ContainsKey('NV Domain')) {
        return [string]$key['NV Domain']
    }
    return ''
}

function Find-FakeNode {
    # The running machine that a computer name (or a full name) leads to from here; $null when nobody answers.
    param([hashtable]$Call, [string]$Name)

    $short, $suffix = $Name.Split('.', 2)
    if ($Name -in '.', 'localhost' -or ($short -eq $Call.Machine.computer_name -and $null -eq $suffix)) {
        return $Call.Machine
    }
    foreach ($machine in $Call.World.machines.Values) {
        if ($machine.computer_name -ne $short -or ($null -ne $suffix -and (Get-FakeDnsSuffix -Machine $machine) -ne $suffix)) {
            continue
        }
        if ($machine.powered -and $machine.setup_complete -and (Test-FakeSharedNetwork -World $Call.World -One $Call.Machine -Other $machine)) {
            return $machine
        }
    }
    return $null
}

function Test-FakeNodeRights {
    # Whether this machine's account administers the other: one domain, or the same local name and password with a full token.
    param([hashtable]$Call, [hashtable]$Target)

    if (-not $Call.Machine.is_admin -or $Target.uid -eq $Call.Machine.uid) {
        return $Call.Machine.is_admin
    }
    if ($Call.Machine.domain -ne '' -and $Call.Machine.domain -eq $Target.domain) {
        return $true
    }
    $user = 'administrator'
    if (-not [string]::IsNullOrEmpty($env:MATRYOSHKA_FAKE_USER)) {
        $user = $env:MATRYOSHKA_FAKE_USER.ToLowerInvariant()
    }
    if ($null -eq $Call.Machine.accounts[$user] -or $Call.Machine.accounts[$user] -cne $Target.accounts[$user]) {
        return $false
    }
    $policy = $Target.registry['HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System']
    return $user -eq 'administrator' -or ($null -ne $policy -and $policy.ContainsKey('LocalAccountTokenFilterPolicy') -and $policy['LocalAccountTokenFilterPolicy'] -eq 1)
}

function New-FakePrompt {
    # What a cmdlet that asks answers where nobody can answer: the engine's own refusal of a prompt.
    param([hashtable]$Call)

    return New-FakeRefusal -Call $Call -Id 'InvalidOperation' -Category InvalidOperation -Text 'PromptNotPossible' -Exception 'System.Management.Automation.PSInvalidOperationException'
}

function Add-FakeChange {
    # Writes down that a cmdlet changed something.
    param([hashtable]$Call, [string]$Target)

    $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $Target)
}

function Invoke-FakeSlowCluster {
    # Runs a body that takes as long as times.cluster says, without holding the world meanwhile; ordered refusals come first.
    param([hashtable]$Call, [scriptblock]$Body)

    $seconds = (Read-FakeWorld).times.cluster
    if ($seconds -gt 0) {
        [System.Threading.Thread]::Sleep([int]($seconds * 1000))
    }
    Use-FakeWorld -Argument $Call, $Body -Body {
        param($World, $Call, $Body)
        $Call.World = $World
        $Call.Machine = $World.machines[$env:MATRYOSHKA_FAKE_MACHINE]
        $fault = Get-FakeFault -Call $Call
        if ($null -ne $fault) {
            return $fault
        }
        & $Body $Call
    }
}
