function New-MkNestedVM {
    # Makes a nested VM, with a differencing disk of its own when there is a parent. Generation 1 for a .vhd.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Wanted
    )
    $arguments = @{ Name = $Wanted.Name; MemoryStartupBytes = $Wanted.MemoryMib * 1mb; Generation = 2; Path = $Wanted.Base.Configuration }
    if ($Wanted.SwitchName -ne '') {
        $arguments.SwitchName = $Wanted.SwitchName
    }
    if ($Wanted.ParentDiskPath -eq '') {
        $arguments.NoVHD = $true
    }
    else {
        $extension = [System.IO.Path]::GetExtension($Wanted.ParentDiskPath)
        $disk = Join-MkPath -Folder $Wanted.Base.Disks -Name ($Wanted.Name + $extension)
        if (-not (ConvertTo-MkDiskRecord -Path $disk).Exists) {
            New-MkDisk -Path $disk -Owner $Wanted.Owner -ParentPath $Wanted.ParentDiskPath
        }
        $arguments.VHDPath = $disk
        if ($extension -eq '.vhd') {
            $arguments.Generation = 1
        }
    }
    return New-VM @arguments -Force -Confirm:$false -ErrorAction Stop
}
