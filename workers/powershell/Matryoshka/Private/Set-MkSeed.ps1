function Set-MkSeed {
    # Mounts a disk, writes the seed and dismounts it again, whatever happens; whether something was written.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [string]$Unattend
    )
    $mutex = Get-MkMutex -Name 'MatryoshkaSeed'
    $folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'matryoshka-' + [System.Guid]::NewGuid().ToString('N'))
    $mounted = $false
    $number = $null
    $partition = $null
    try {
        $null = [System.IO.Directory]::CreateDirectory($folder)
        Write-Progress -Activity 'Seeding a disk' -Status 'Mounting' -PercentComplete 10
        $mounted = $true
        Mount-VHD -Path $Path -NoDriveLetter -Confirm:$false -ErrorAction Stop
        $number = (Get-VHD -Path $Path -ErrorAction Stop).DiskNumber
        if ($null -eq $number) {
            throw "The disk '$Path' was mounted without a disk number."
        }
        Enable-MkDisk -DiskNumber $number
        Write-Progress -Activity 'Seeding a disk' -Status 'Looking for Windows' -PercentComplete 40
        $partition = Find-MkWindowsPartition -Cmdlet $Cmdlet -DiskNumber $number -Folder $folder -Path $Path
        Write-Progress -Activity 'Seeding a disk' -Status 'Writing' -PercentComplete 70
        return Write-MkSeed -Root $folder -Unattend $Unattend
    }
    finally {
        if ($mounted) {
            Dismount-MkSeed -Path $Path -DiskNumber $number -PartitionNumber $partition -Folder $folder
        }
        $mutex.ReleaseMutex()
        $mutex.Dispose()
        Write-Progress -Activity 'Seeding a disk' -Completed
    }
}
