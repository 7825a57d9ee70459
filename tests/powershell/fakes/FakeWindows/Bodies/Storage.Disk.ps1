# How a virtual disk becomes a disk and goes again, for Mount-VHD and Dismount-VHD. What Windows does: the table of Storage.ps1.

function Add-FakeDisk {
    # A virtual disk becomes a disk: what Mount-VHD does.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row, [switch]$IsReadOnly)

    $machine = $Call.Machine
    $number = 1 + (@($machine.vhds.Values | ForEach-Object -Process { $_.number }) + 0 | Measure-Object -Maximum).Maximum
    $twins = @($machine.disks.Values | Where-Object -FilterScript { (Get-FakeSignature -Call $Call -Path $_.path) -eq (Get-FakeSignature -Call $Call -Path $Row.path) })
    $partitions = @()
    if ($null -ne $Row.system) {
        $sizes = [ordered]@{ System = 100mb; Reserved = 16mb; Basic = $Row.size - 700mb; Recovery = 584mb }
        $partitions = @($sizes.Keys | ForEach-Object -Begin { $at = 0 } -Process { $at++; @{ number = $at; type = $_; size = $sizes[$_]; access_paths = @() } })
        $hive = [System.IO.Path]::Combine((Get-FakeVhdFolder -Row $Row), 'Windows', 'System32', 'config')
        $null = [System.IO.Directory]::CreateDirectory($hive)
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($hive, 'SYSTEM'), '')
    }
    elseif ($Call.World.faults.Contains('formatted_disks')) {
        $partitions = @(@{ number = 1; type = 'Reserved'; size = 16mb; access_paths = @() }, @{ number = 2; type = 'Basic'; size = $Row.size - 16mb; access_paths = @() })
    }
    $isOffline = $twins.Count -gt 0 -or $Call.World.faults.Contains('offline_disks')
    $machine.disks["$number"] = @{ number = [int]$number; path = $Row.path; offline = $isOffline; read_only = $isOffline -or [bool]$IsReadOnly; partitions = $partitions }
    $Row.attached = $true
    $Row.number = [int]$number
}

function Get-FakeSignature {
    # What two disks have in common when one is a copy of the other: the first parent of all.
    param([hashtable]$Call, [string]$Path)

    $key = Get-FakeVhdKey -Path $Path
    while ($Call.Machine.vhds.Contains($key) -and $Call.Machine.vhds[$key].parent -ne '') {
        $key = Get-FakeVhdKey -Path $Call.Machine.vhds[$key].parent
    }
    return $key
}

function Remove-FakeDisk {
    # The disk of a virtual disk goes: what Dismount-VHD does. Folders that showed it are empty again.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row)

    $disk = $Call.Machine.disks["$($Row.number)"]
    if ($null -ne $disk) {
        foreach ($path in @($disk.partitions | ForEach-Object -Process { $_.access_paths })) {
            Set-FakeFolder -Path $path
        }
        $Call.Machine.disks.Remove("$($Row.number)")
    }
    $Row.attached = $false
    $Row.number = $null
}

function Set-FakeFolder {
    # An access path becomes a link to a folder, or an empty folder again.
    param([string]$Path, [string]$Target = '')

    if ([System.IO.Directory]::Exists($Path)) {
        [System.IO.Directory]::Delete($Path, $false)
    }
    if ($Target -ne '') {
        $null = [System.IO.Directory]::CreateSymbolicLink($Path, $Target)
    }
    else {
        $null = [System.IO.Directory]::CreateDirectory($Path)
    }
}
