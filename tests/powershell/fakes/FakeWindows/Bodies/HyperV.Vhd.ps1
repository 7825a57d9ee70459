# Virtual hard disks. Each is a row of the world, a small real file at its path below the machine's working folder (the module looks at
# files itself: a row whose file is gone is gone) and a real folder with what is inside it.
#
#   behaviour                                                                     | mark       | source
#   Get-VHD, Mount-VHD without such a file: InvalidParameter, InvalidArgument     | observed   | PS-AutoLab-Env#159, openzfsonwindows/openzfs#381
#   Get-VHD's class is GetVHD, the others' are NewVhd and MountVhd                | observed   | public logs; DismountVhd by analogy
#   Get-VHD: Attached is true of a mounted disk and of one in a running VM,       | observed   | public log of Get-VHD
#     DiskNumber is set only of a mounted one
#   ... and Attached of the parent of a disk in use                               | uncertain  | here: false
#   New-VHD: the file exists: OperationFailed, NotSpecified                       | observed   | docs/sources.md H12
#   New-VHD: no parent, a size that cannot be: InvalidParameter, InvalidArgument  | observed   | docs/sources.md H12
#   New-VHD: a full volume: OperationFailed, NotSpecified                         | uncertain  | by analogy with the existing file
#   New-VHD: the format follows the extension, others are refused                 | documented | CmdletDocs New-VHD
#   New-VHD -Differencing: as large as its parent unless -SizeBytes               | documented | CmdletDocs New-VHD
#   New-VHD into a folder that is not there                                       | uncertain  | here: made, as if the folder were
#   Mount-VHD of a disk in use: OperationFailed, NotSpecified                     | observed   | text and category: dsccommunity/NetworkingDsc#312
#   Mount-VHD gives no object and Dismount-VHD neither, unless -Passthru          | documented | CmdletDocs Mount-VHD
#   Dismount-VHD of a disk that is not mounted: InvalidParameter                  | uncertain  |
#   the exceptions' HRESULT is that of System.Exception                           | observed   | microsoft/devhome#3865

$script:FakeVhdKinds = @{ '.vhd' = 'VHD'; '.vhdx' = 'VHDX'; '.avhd' = 'VHD'; '.avhdx' = 'VHDX'; '.vhds' = 'VHDSet' }
$script:FakeSmallestVhd = 3mb
$script:FakeGibibyte = 1gb

function Get-FakeVhdKey {
    # How the world calls the disk of a path.
    param([string]$Path)

    return $Path.Replace('/', '\').ToLowerInvariant()
}

function Get-FakeVhdFile {
    # The real file of a disk.
    param([hashtable]$Call, [string]$Path)

    $folder = [System.IO.Path]::GetDirectoryName($env:MATRYOSHKA_FAKE_WORLD)
    return [System.IO.Path]::Combine($folder, 'machines', $Call.Machine.uid, 'Windows', $Path)
}

function Get-FakeVhdFolder {
    # The real folder with what is inside a disk.
    param([System.Collections.IDictionary]$Row)

    return [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($env:MATRYOSHKA_FAKE_WORLD), $Row.folder)
}

function Find-FakeVhd {
    # The row of a disk that is there; $null when there is none. What somebody deleted leaves the world here.
    param([hashtable]$Call, [string]$Path)

    $key = Get-FakeVhdKey -Path $Path
    $row = $Call.Machine.vhds[$key]
    if ($null -eq $row) {
        return $null
    }
    if ([System.IO.File]::Exists((Get-FakeVhdFile -Call $Call -Path $row.path))) {
        return $row
    }
    $Call.Machine.vhds.Remove($key)
    return $null
}

function Test-FakeVhdInVM {
    # Whether a running VM has the disk; with its parents when -Parent is given.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row, [switch]$Parent)

    $wanted = Get-FakeVhdKey -Path $Row.path
    foreach ($vm in $Call.Machine.vms.Values) {
        if ($vm.state -notin 'Running', 'Paused') {
            continue
        }
        foreach ($drive in $vm.drives) {
            $key = Get-FakeVhdKey -Path $drive.path
            while ($key -ne '') {
                if ($key -eq $wanted) {
                    return $true
                }
                $key = $(if ($Parent -and $Call.Machine.vhds.Contains($key)) { Get-FakeVhdKey -Path $Call.Machine.vhds[$key].parent } else { '' })
            }
        }
    }
    return $false
}

function ConvertTo-FakeVhd {
    # A disk of the world as Windows shows it.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row)

    return New-FakeObject -Type 'Microsoft.Vhd.PowerShell.VirtualHardDisk' -Property @{
        ComputerName            = $Call.Machine.computer_name
        Path                    = $Row.path
        VhdFormat               = $Row.format
        VhdType                 = $Row.type
        FileSize                = [uint64]$Row.file_size
        Size                    = [uint64]$Row.size
        LogicalSectorSize       = [uint32]512
        PhysicalSectorSize      = [uint32]4096
        BlockSize               = [uint32]33554432
        ParentPath              = [string]$Row.parent
        FragmentationPercentage = [uint32]0
        Alignment               = [uint32]1
        Attached                = [bool]$Row.attached -or (Test-FakeVhdInVM -Call $Call -Row $Row)
        DiskNumber              = $Row.number
    }
}

function New-FakeVhdError {
    # What the cmdlets of virtual disks refuse: an error that does not end them.
    param([hashtable]$Call, [string]$Id, [string]$Category, [string]$Text, [string]$Path)

    $facts = @{ Id = $Id; Category = $Category; Text = $Text; Argument = $Path }
    return New-FakeError -Call $Call @facts -Exception 'Microsoft.HyperV.PowerShell.VirtualizationException'
}

function Add-FakeVhd {
    # A new disk: its row, its file (whose bytes are its path) and its folder, a child's with what its parent's holds.
    param([hashtable]$Call, [string]$Path, [System.Collections.IDictionary]$Fact)

    $Call.World.sequence++
    $row = @{
        path = $Path; format = $Fact.format; type = $Fact.type; size = $Fact.size; file_size = 4mb; parent = ''; attached = $false
        number = $null; system = $null; folder = "vhds/$($Call.Machine.uid)-new-$($Call.World.sequence)"; read_only = $false
    }
    $folder = Get-FakeVhdFolder -Row $row
    $null = [System.IO.Directory]::CreateDirectory($folder)
    if ($null -ne $Fact.parent) {
        $row.parent, $row.system = $Fact.parent.path, $Fact.parent.system
        Copy-FakeFolder -From (Get-FakeVhdFolder -Row $Fact.parent) -To $folder
    }
    $file = Get-FakeVhdFile -Call $Call -Path $row.path
    [System.IO.File]::WriteAllText($file, $row.path)
    $Call.Machine.vhds[(Get-FakeVhdKey -Path $Path)] = $row
    return $row
}

function Copy-FakeFolder {
    # Everything in a folder into another one.
    param([string]$From, [string]$To)

    foreach ($path in [System.IO.Directory]::GetDirectories($From, '*', 'AllDirectories')) {
        $null = [System.IO.Directory]::CreateDirectory($To + $path.Substring($From.Length))
    }
    foreach ($path in [System.IO.Directory]::GetFiles($From, '*', 'AllDirectories')) {
        [System.IO.File]::Copy($path, $To + $path.Substring($From.Length))
    }
}

function Get-FakeNewVhdFact {
    # What New-VHD is asked to make: format, type, size, parent; or the error that it answers.
    param([hashtable]$Call, [string]$Path)

    $bound = $Call.Bound
    $format = $script:FakeVhdKinds[[System.IO.Path]::GetExtension($Path.Replace('\', '/')).ToLowerInvariant()]
    if ($null -eq $format) {
        return New-FakeVhdError -Call $Call -Id 'InvalidParameter' -Category 'InvalidArgument' -Text 'VhdBadExtension' -Path $Path
    }
    if ([System.IO.File]::Exists((Get-FakeVhdFile -Call $Call -Path $Path))) {
        return New-FakeVhdError -Call $Call -Id 'OperationFailed' -Category 'NotSpecified' -Text 'VhdExists' -Path $Path
    }
    $made = @{ format = $format; type = 'Dynamic'; parent = $null; size = $null }
    if ($bound.ContainsKey('ParentPath')) {
        $made.type = 'Differencing'
        $made.parent = Find-FakeVhd -Call $Call -Path $bound.ParentPath
        if ($null -eq $made.parent) {
            return New-FakeVhdError -Call $Call -Id 'InvalidParameter' -Category 'InvalidArgument' -Text 'VhdNoParent' -Path $bound.ParentPath
        }
        $made.size = $made.parent.size
    }
    elseif ($bound.ContainsKey('Fixed')) {
        $made.type = 'Fixed'
    }
    if ($bound.ContainsKey('SizeBytes')) {
        $made.size = [long]$bound.SizeBytes
    }
    if ($made.size -lt $script:FakeSmallestVhd -or $made.size -gt 65536 * $script:FakeGibibyte) {
        return New-FakeVhdError -Call $Call -Id 'InvalidParameter' -Category 'InvalidArgument' -Text 'VhdBadSize' -Path $Path
    }
    $needed = $(if ($made.type -eq 'Fixed') { $made.size } else { 4mb })
    if (@($Call.Machine.volumes | Where-Object -FilterScript { $_.free -ge $needed }).Count -eq 0) {
        return New-FakeVhdError -Call $Call -Id 'OperationFailed' -Category 'NotSpecified' -Text 'VhdFull' -Path $Path
    }
    return $made
}

function Get-FakeVhdMissing {
    # There is no virtual disk at a path.
    param([hashtable]$Call, [string]$Path)

    return New-FakeVhdError -Call $Call -Id 'InvalidParameter' -Category 'InvalidArgument' -Text 'VhdMissing' -Path $Path
}

Add-FakeBody -Name 'Get-VHD' -Body {
    param($Call)

    $refusal = Get-FakeVirtualizationRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $bound = $Call.Bound
    $paths = $bound['Path']
    if ($Call.Set -eq 'Disk') {
        $paths = @($Call.Machine.vhds.Values | Where-Object -FilterScript { $_.number -eq $bound.DiskNumber } | ForEach-Object -Process { $_.path })
    }
    elseif ($Call.Set -eq 'VMId') {
        $ids = @($bound.VMId | ForEach-Object -Process { [string]$_ })
        $paths = @($Call.Machine.vms.Values | Where-Object -FilterScript { $ids -contains $_.id } | ForEach-Object -Process { $_.drives } | ForEach-Object -Process { $_.path })
    }
    foreach ($path in $paths) {
        $row = Find-FakeVhd -Call $Call -Path $path
        if ($null -eq $row) {
            Get-FakeVhdMissing -Call $Call -Path $path
        }
        else {
            ConvertTo-FakeVhd -Call $Call -Row $row
        }
    }
}

Add-FakeBody -Name 'New-VHD' -Body {
    param($Call)

    $refusal = Get-FakeVirtualizationRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($path in $Call.Bound.Path) {
        $wanted = Get-FakeNewVhdFact -Call $Call -Path $path
        if ($wanted -isnot [System.Collections.IDictionary]) {
            $wanted
        }
        elseif (Test-FakeShould -Call $Call -Target $path) {
            $row = Add-FakeVhd -Call $Call -Path $path -Fact $wanted
            $Call.World.calls += , @($Call.Machine.uid, 'New-VHD', $row.path)
            ConvertTo-FakeVhd -Call $Call -Row $row
        }
    }
}

Add-FakeBody -Name 'Mount-VHD' -Body {
    param($Call)

    $refusal = Get-FakeVirtualizationRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($path in $Call.Bound.Path) {
        $row = Find-FakeVhd -Call $Call -Path $path
        if ($null -eq $row) {
            Get-FakeVhdMissing -Call $Call -Path $path
        }
        elseif ($row.attached -or (Test-FakeVhdInVM -Call $Call -Row $row -Parent)) {
            New-FakeVhdError -Call $Call -Id 'OperationFailed' -Category 'NotSpecified' -Text 'VhdMountFailed' -Path $path
        }
        elseif (Test-FakeShould -Call $Call -Target $path) {
            Add-FakeDisk -Call $Call -Row $row -IsReadOnly:([bool]$Call.Bound['ReadOnly'])
            $Call.World.calls += , @($Call.Machine.uid, 'Mount-VHD', $row.path)
            if ($Call.Bound['Passthru']) {
                ConvertTo-FakeVhd -Call $Call -Row $row
            }
        }
    }
}

Add-FakeBody -Name 'Dismount-VHD' -Body {
    param($Call)

    $refusal = Get-FakeVirtualizationRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    $number = $Call.Bound['DiskNumber']
    $paths = $Call.Bound['Path']
    if ($Call.Set -eq 'Disk') {
        $paths = @($Call.Machine.vhds.Values | Where-Object -FilterScript { $_.number -eq $number } | ForEach-Object -Process { $_.path })
    }
    foreach ($path in $paths) {
        $row = Find-FakeVhd -Call $Call -Path $path
        if ($null -eq $row) {
            Get-FakeVhdMissing -Call $Call -Path $path
        }
        elseif (-not $row.attached) {
            New-FakeVhdError -Call $Call -Id 'InvalidParameter' -Category 'InvalidArgument' -Text 'VhdNotMounted' -Path $path
        }
        elseif (Test-FakeShould -Call $Call -Target $path) {
            Remove-FakeDisk -Call $Call -Row $row
            $Call.World.calls += , @($Call.Machine.uid, 'Dismount-VHD', $row.path)
            if ($Call.Bound['Passthru']) {
                ConvertTo-FakeVhd -Call $Call -Row $row
            }
        }
    }
}
