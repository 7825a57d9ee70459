# Disks and partitions of the Storage module. A mounted virtual disk is a disk of the world; what is in its Windows partition is the
# real folder of the virtual disk, to which an access path (a real empty folder) becomes a symbolic link.
#
#   behaviour                                                                     | mark       | source
#   Get-Disk, Get-Partition, Get-StoragePool: what a query does not find is       | documented | CDXML; observed: public logs of Get-Partition
#     CmdletizationQuery_NotFound_<property>, ObjectNotFound, CimJobException
#   disk 0 is the machine's own                                                   | observed   | every host
#   a disk with the signature of another one that is online stays offline         | documented | Microsoft Learn, Set-Disk; diskpart's uniqueid
#   a SAN policy may keep any disk offline (fault offline_disks)                  | documented | Microsoft Learn, SAN policy
#   Get-Partition finds none on a disk that is offline                            | uncertain  | the volumes are gone; the safe reading
#   a disk nobody initialized has no partitions                                   | documented | Microsoft Learn, Initialize-Disk; fault formatted_disks: it has
#   Set-Disk sets offline and read-only one at a time (parameter sets)            | documented | CmdletDocs Set-Disk
#   Windows' partitions: EFI, reserved, basic, recovery, by GptType               | documented | Microsoft Learn, UEFI/GPT partitions
#   Add-PartitionAccessPath: not an empty folder 42007, in use 42002,             | documented | Win32 reference AddAccessPath of MSFT_Partition
#     hidden 42004, an argument that cannot be 5
#   such an error is 'StorageWMI <n>', InvalidArgument for 5                      | observed   | public log of Add-PartitionAccessPath
#     ... NotSpecified for the others                                             | observed   | public logs of Resize-Partition
#   their HRESULT                                                                 | uncertain  | here: that of System.Exception
#   these cmdlets need an administrator: Access denied (40001)                    | documented | the same reference

$script:FakeStorageType = 'Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/{0}'
$script:FakeGptTypes = @{
    System = '{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}'; Reserved = '{e3c9e316-0b5c-4db8-817d-f92df00215ae}'
    Basic = '{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}'; Recovery = '{de94bba4-06d1-4d40-a16a-bfd50179d6ac}'
}

function New-FakeCimAbsent {
    # What a cmdlet made from CDXML answers when its query finds nothing.
    param([hashtable]$Call, [string]$Class, [string]$Property, [object]$Value)

    $facts = @{ Id = "CmdletizationQuery_NotFound_$Property"; Category = 'ObjectNotFound'; Text = 'CimQueryEmpty'; Argument = @($Class, $Property, $Value); Target = $Value }
    return New-FakeError -Call $Call @facts -Exception 'Microsoft.PowerShell.Cmdletization.Cim.CimJobException'
}

function New-FakeStorageWmiError {
    # An error number of the Storage provider.
    param([hashtable]$Call, [int]$Number, [string]$Text)

    $category = $(if ($Number -eq 5) { 'InvalidArgument' } elseif ($Number -eq 40001) { 'PermissionDenied' } else { 'NotSpecified' })
    $facts = @{ Id = "StorageWMI $Number"; Category = $category; Text = $Text; Target = 'StorageWMI' }
    return New-FakeError -Call $Call @facts -Exception 'Microsoft.Management.Infrastructure.CimException'
}

function ConvertTo-FakeDisk {
    # A disk as MSFT_Disk shows it.
    param([System.Collections.IDictionary]$Row)

    return New-FakeRow -TypeName ($script:FakeStorageType -f 'MSFT_Disk') -Property ([ordered]@{
            Number             = [uint32]$Row.number
            FriendlyName       = 'Msft Virtual Disk'
            Location           = $Row.path
            IsOffline          = [bool]$Row.offline
            IsReadOnly         = [bool]$Row.read_only
            OfflineReason      = $(if ($Row.offline) { 'Policy' } else { $null })
            OperationalStatus  = $(if ($Row.offline) { 'Offline' } else { 'Online' })
            HealthStatus       = 'Healthy'
            BusType            = 'File Backed Virtual'
            PartitionStyle     = $(if (@($Row.partitions).Count -gt 0) { 'GPT' } else { 'RAW' })
            NumberOfPartitions = [uint32]@($Row.partitions).Count
            IsBoot             = $false
            IsSystem           = $false
        })
}

function ConvertTo-FakePartition {
    # A partition as MSFT_Partition shows it.
    param([System.Collections.IDictionary]$Disk, [System.Collections.IDictionary]$Row)

    return New-FakeRow -TypeName ($script:FakeStorageType -f 'MSFT_Partition') -Property ([ordered]@{
            DiskNumber      = [uint32]$Disk.number
            PartitionNumber = [uint32]$Row.number
            Type            = $Row.type
            GptType         = $script:FakeGptTypes[$Row.type]
            MbrType         = $null
            Size            = [uint64]$Row.size
            DriveLetter     = [char]0
            AccessPaths     = [string[]]@($Row.access_paths)
            IsHidden        = $Row.type -ne 'Basic'
            IsOffline       = $false
            IsReadOnly      = [bool]$Disk.read_only
            IsBoot          = $false
            IsSystem        = $false
        })
}

function Find-FakePartition {
    # The partitions of a call by disk and number, each with its disk; an error for a disk that has none.
    param([hashtable]$Call)

    $bound = $Call.Bound
    if ($bound.ContainsKey('InputObject')) {
        $bound.DiskNumber = @($bound.InputObject | ForEach-Object -Process { $_.DiskNumber })
        $bound.PartitionNumber = @($bound.InputObject | ForEach-Object -Process { $_.PartitionNumber })
    }
    $numbers = @($Call.Machine.disks.Values | ForEach-Object -Process { $_.number })
    if ($bound.ContainsKey('DiskNumber')) {
        $numbers = $bound.DiskNumber
    }
    foreach ($number in $numbers) {
        $disk = $Call.Machine.disks["$number"]
        $found = @()
        if ($null -ne $disk -and -not $disk.offline) {
            $found = @($disk.partitions | Where-Object -FilterScript { -not $bound.ContainsKey('PartitionNumber') -or $bound.PartitionNumber -contains $_.number })
        }
        if ($found.Count -eq 0) {
            New-FakeCimAbsent -Call $Call -Class 'MSFT_Partition' -Property 'DiskNumber' -Value $number
        }
        foreach ($partition in $found) {
            @{ disk = $disk; partition = $partition }
        }
    }
}

function Get-FakeAccessPathRefusal {
    # Why a partition cannot be shown in a folder; $null when it can.
    param([hashtable]$Call, [System.Collections.IDictionary]$Partition, [string]$Path)

    if ($Path -eq '') {
        return New-FakeStorageWmiError -Call $Call -Number 5 -Text 'StorageInvalidParameter'
    }
    if ($Partition.type -ne 'Basic') {
        return New-FakeStorageWmiError -Call $Call -Number 42004 -Text 'StoragePartitionHidden'
    }
    $folder = [System.IO.DirectoryInfo]::new($Path)
    if (-not $folder.Exists) {
        return New-FakeStorageWmiError -Call $Call -Number 42007 -Text 'StoragePathInvalid'
    }
    if ($null -ne $folder.LinkTarget -or $folder.GetFileSystemInfos().Count -gt 0) {
        return New-FakeStorageWmiError -Call $Call -Number 42002 -Text 'StoragePathInUse'
    }
    return $null
}

function Get-FakeStorageRefusal {
    # Why the Storage module does nothing for this caller; $null when it does.
    param([hashtable]$Call)

    if ($Call.Machine.is_admin) {
        return $null
    }
    return New-FakeStorageWmiError -Call $Call -Number 40001 -Text 'AccessDenied'
}

Add-FakeBody -Name 'Get-Disk' -Body {
    param($Call)

    $own = @{ number = 0; path = 'PCI Slot 1 : Bus 3 : Device 0'; offline = $false; read_only = $false; partitions = @(1, 2, 3) }
    $all = @($own) + @($Call.Machine.disks.Values)
    if (-not $Call.Bound.ContainsKey('Number')) {
        return $all | ForEach-Object -Process { ConvertTo-FakeDisk -Row $_ }
    }
    foreach ($number in $Call.Bound.Number) {
        $found = @($all | Where-Object -FilterScript { $_.number -eq $number })
        if ($found.Count -eq 0) {
            New-FakeCimAbsent -Call $Call -Class 'MSFT_Disk' -Property 'Number' -Value $number
        }
        $found | ForEach-Object -Process { ConvertTo-FakeDisk -Row $_ }
    }
}

Add-FakeBody -Name 'Set-Disk' -Body {
    param($Call)

    $refusal = Get-FakeStorageRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $disk = $Call.Machine.disks["$($Call.Bound['Number'])"]
    if ($null -eq $disk) {
        return New-FakeCimAbsent -Call $Call -Class 'MSFT_Disk' -Property 'Number' -Value $Call.Bound['Number']
    }
    if ($Call.Bound.ContainsKey('IsOffline')) {
        $disk.offline = [bool]$Call.Bound.IsOffline
    }
    if ($Call.Bound.ContainsKey('IsReadOnly')) {
        $disk.read_only = [bool]$Call.Bound.IsReadOnly
    }
    $Call.World.calls += , @($Call.Machine.uid, 'Set-Disk', "$($disk.number)")
}

Add-FakeBody -Name 'Get-Partition' -Body {
    param($Call)

    foreach ($item in @(Find-FakePartition -Call $Call)) {
        if ($item -is [System.Collections.IDictionary]) {
            ConvertTo-FakePartition -Disk $item.disk -Row $item.partition
        }
        else {
            $item
        }
    }
}

Add-FakeBody -Name 'Add-PartitionAccessPath' -Body {
    param($Call)

    $refusal = Get-FakeStorageRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $path = [string]$Call.Bound['AccessPath']
    foreach ($item in @(Find-FakePartition -Call $Call)) {
        if ($item -isnot [System.Collections.IDictionary]) {
            $item
            continue
        }
        $refusal = Get-FakeAccessPathRefusal -Call $Call -Partition $item.partition -Path $path
        if ($null -ne $refusal) {
            $refusal
        }
        elseif (Test-FakeShould -Call $Call -Target $path) {
            $row = Find-FakeVhd -Call $Call -Path $item.disk.path
            Set-FakeFolder -Path $path -Target (Get-FakeVhdFolder -Row $row)
            $item.partition.access_paths += $path
            $Call.World.calls += , @($Call.Machine.uid, 'Add-PartitionAccessPath', $path)
        }
    }
}

Add-FakeBody -Name 'Remove-PartitionAccessPath' -Body {
    param($Call)

    $refusal = Get-FakeStorageRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $path = [string]$Call.Bound['AccessPath']
    foreach ($item in @(Find-FakePartition -Call $Call)) {
        if ($item -isnot [System.Collections.IDictionary]) {
            $item
        }
        elseif ($item.partition.access_paths -notcontains $path) {
            New-FakeStorageWmiError -Call $Call -Number 42007 -Text 'StoragePathInvalid'
        }
        elseif (Test-FakeShould -Call $Call -Target $path) {
            Set-FakeFolder -Path $path
            $item.partition.access_paths = @($item.partition.access_paths | Where-Object -FilterScript { $_ -ne $path })
            $Call.World.calls += , @($Call.Machine.uid, 'Remove-PartitionAccessPath', $path)
        }
    }
}
