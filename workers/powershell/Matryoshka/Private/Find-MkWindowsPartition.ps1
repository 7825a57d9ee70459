function Find-MkWindowsPartition {
    # Finds the partition of a mounted disk that holds Windows, leaves it reachable in Folder and answers its number; an error
    # when none does. A folder instead of a drive letter: letters are raced for, and an automount policy may give none.
    [CmdletBinding()]
    [OutputType([int])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [uint32]$DiskNumber,

        [Parameter(Mandatory = $true)]
        [string]$Folder,

        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    # Basic data (GPT) and NTFS (MBR, 7): type names are localized, these are not.
    $basic = '{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}'
    foreach ($partition in @(Wait-MkPartition -DiskNumber $DiskNumber)) {
        if ([string]$partition.GptType -ne $basic -and $partition.MbrType -ne 7) {
            continue
        }
        Add-PartitionAccessPath -DiskNumber $DiskNumber -PartitionNumber $partition.PartitionNumber -AccessPath $Folder -Confirm:$false -ErrorAction Stop
        if ([System.IO.File]::Exists([System.IO.Path]::Combine($Folder, 'Windows', 'System32', 'config', 'SYSTEM'))) {
            return [int]$partition.PartitionNumber
        }
        Remove-PartitionAccessPath -DiskNumber $DiskNumber -PartitionNumber $partition.PartitionNumber -AccessPath $Folder -Confirm:$false -ErrorAction Stop
    }
    $message = "The disk '$Path' holds no Windows that this account can read."
    Stop-MkFunction -Cmdlet $Cmdlet -Id 'NoWindows' -Category InvalidData -Message $message -TargetObject $Path
}
