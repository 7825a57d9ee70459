function Dismount-MkSeed {
    # Undoes the mount of a seed. The dismount must come, so what precedes it may fail; its own error is the caller's.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [AllowNull()]
        [object]$DiskNumber,

        [AllowNull()]
        [object]$PartitionNumber,

        [Parameter(Mandatory = $true)]
        [string]$Folder
    )
    if ($null -ne $PartitionNumber) {
        try {
            Remove-PartitionAccessPath -DiskNumber $DiskNumber -PartitionNumber $PartitionNumber -AccessPath $Folder -Confirm:$false -ErrorAction Stop
        }
        catch {
            Write-Verbose -Message "The access path '$Folder' was not removed: $($_.FullyQualifiedErrorId)"
        }
    }
    if ((Get-VHD -Path $Path -ErrorAction Stop).Attached) {
        Dismount-VHD -Path $Path -Confirm:$false -ErrorAction Stop
    }
    # Never recursive: if the volume were still there, its files would go.
    try {
        [System.IO.Directory]::Delete($Folder, $false)
    }
    catch [System.IO.IOException] {
        Write-Verbose -Message "The folder '$Folder' stays: $($_.Exception.Message)"
    }
}
