# Enable-ClusterStorageSpacesDirect and Get-StoragePool.
#
# behaviour                                                     | known      | source
# it is a function made from CDXML; it asks without -Confirm:$false
#                                                               | observed   | public examples pass it; documented as -Confirm only
# Datacenter only: 0x80070032 on another edition                | observed   | docs/sources.md H16
# errors are CimException, InvalidOperation                     | observed   | MicrosoftDocs/windowsserverdocs#2208; the id is uncertain
# nodes without data disks: nothing to use                      | documented | two data disks a VM are required, H16; how it is refused: uncertain
# a pool is made, named by -PoolFriendlyName, 'S2D on <cluster>' otherwise
#                                                               | documented | CmdletDocs; the default name: uncertain
# enabled twice                                                 | uncertain  | nothing happens here
# Get-StoragePool lists the primordial pool and the made one    | documented | MSFT_StoragePool
# a name that no pool has: CmdletizationQuery_NotFound_FriendlyName
#                                                               | documented | CDXML
# not a member: the CIM class answers nothing to enable         | uncertain  | id; the module asks the cluster first

$script:StorageError = 'Microsoft.Management.Infrastructure.CimException'

Add-FakeBody -Name 'Enable-ClusterStorageSpacesDirect' -WithoutWorld -Body {
    param($Call)
    if ($Call.Bound.ContainsKey('WhatIf') -and $Call.Bound.WhatIf) {
        return
    }
    if (-not $Call.Bound.ContainsKey('Confirm') -or $Call.Bound.Confirm) {
        $Call.World = Read-FakeWorld
        return New-FakePrompt -Call $Call
    }
    Invoke-FakeSlowCluster -Call $Call -Body {
        param($Call)
        $cluster = Get-FakeMemberCluster -World $Call.World -Machine $Call.Machine
        if ($null -eq $cluster) {
            return New-FakeStorageError -Call $Call -Text 'ClusterServiceStopped' -Number 0x800706D9
        }
        foreach ($uid in $cluster.nodes.Keys) {
            $machine = $Call.World.machines[$uid]
            if ($machine.caption -notlike '*Datacenter*') {
                return New-FakeStorageError -Call $Call -Text 'StorageEdition' -Argument $machine.computer_name -Number 0x80070032
            }
            if ((Get-FakeDataDisk -World $Call.World -Machine $machine) -lt 2) {
                return New-FakeStorageError -Call $Call -Text 'StorageNoDisks' -Argument $machine.computer_name -Number 0x80070032
            }
        }
        if ($cluster.s2d) {
            return
        }
        $cluster.s2d = $true
        $cluster.pool = "S2D on $($cluster.name)"
        if ($Call.Bound.ContainsKey('PoolFriendlyName')) {
            $cluster.pool = $Call.Bound.PoolFriendlyName
        }
        Add-FakeChange -Call $Call -Target $cluster.name
    }
}

Add-FakeBody -Name 'Get-StoragePool' -Body {
    param($Call)
    $pools = @(@{ name = 'Primordial'; primordial = $true })
    $cluster = Get-FakeMemberCluster -World $Call.World -Machine $Call.Machine
    if ($null -ne $cluster -and $cluster.s2d) {
        $pools += @{ name = $cluster.pool; primordial = $false }
    }
    $names = @($pools | ForEach-Object -Process { $_.name })
    if ($Call.Bound.ContainsKey('FriendlyName')) {
        $names = @($Call.Bound.FriendlyName)
    }
    foreach ($name in $names) {
        $found = @($pools | Where-Object -FilterScript { $_.name -like $name })
        if ($found.Count -eq 0) {
            New-FakeError -Call $Call -Id 'CmdletizationQuery_NotFound_FriendlyName' -Category ObjectNotFound -Text 'StorageNoPool' -Argument $name -Exception 'System.Exception'
        }
        foreach ($pool in $found) {
            New-FakeRow -TypeName 'Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_StoragePool' -Property ([ordered]@{
                    FriendlyName = $pool.name; IsPrimordial = $pool.primordial; HealthStatus = 'Healthy'; OperationalStatus = 'OK'; IsReadOnly = $false; Size = [uint64]1TB; AllocatedSize = [uint64]0
                })
        }
    }
}

function New-FakeStorageError {
    # An error of the class MSCluster_StorageSpacesDirect.
    param([hashtable]$Call, [string]$Text, [object[]]$Argument = @(), [long]$Number)

    return New-FakeError -Call $Call -Id ('HRESULT 0x{0:x8}' -f ($Number -band 0xFFFFFFFFL)) -Category InvalidOperation -Text $Text -Argument $Argument -HResult $Number -Exception $script:StorageError -Target 'MSCluster_StorageSpacesDirect'
}

function Get-FakeDataDisk {
    # How many disks of a node hold no operating system.
    param([hashtable]$World, [hashtable]$Machine)

    if ($Machine.host -eq '') {
        return 0
    }
    $around = $World.machines[$Machine.host]
    $count = 0
    foreach ($drive in $around.vms[$Machine.vm].drives) {
        $vhd = $around.vhds[$drive.path.ToLowerInvariant()]
        if ($null -ne $vhd -and $null -eq $vhd.system) {
            $count++
        }
    }
    return $count
}
