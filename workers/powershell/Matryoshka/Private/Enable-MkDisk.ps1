function Enable-MkDisk {
    # Brings a mounted disk online and writable: a SAN policy, or the signature of a disk that is there already, keeps it offline.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [uint32]$DiskNumber
    )
    $disk = Get-Disk -Number $DiskNumber -ErrorAction Stop
    if ($disk.IsOffline) {
        Set-Disk -Number $DiskNumber -IsOffline $false -ErrorAction Stop
    }
    if ($disk.IsReadOnly) {
        Set-Disk -Number $DiskNumber -IsReadOnly $false -ErrorAction Stop
    }
}
