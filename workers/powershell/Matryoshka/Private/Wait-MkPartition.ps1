function Wait-MkPartition {
    # The partitions of a disk, waited for at most 15 s: Windows shows them some moments after the disk came online, and until then
    # a disk without partitions is 'not found'.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [uint32]$DiskNumber
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        try {
            return Get-Partition -DiskNumber $DiskNumber -ErrorAction Stop
        }
        catch {
            if ($_.CategoryInfo.Category -ne 'ObjectNotFound' -or $watch.Elapsed.TotalSeconds -ge 15) {
                throw
            }
        }
        Start-Sleep -Milliseconds 500
    }
}
