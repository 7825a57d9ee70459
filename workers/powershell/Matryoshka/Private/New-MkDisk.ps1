function New-MkDisk {
    # Makes a differencing disk (ParentPath) or a dynamic one (SizeGib), marked as the owner's. The mark is written first: a
    # process that dies in between leaves a mark without disk, which the next try completes, and not a disk without owner.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [string]$Owner,

        [string]$ParentPath = '',

        [int]$SizeGib = 0
    )
    $folder = Get-MkParentFolder -Path $Path
    $made = (Get-MkDiskTag -Path $Path).FolderMade -or -not [System.IO.Directory]::Exists($folder)
    $null = [System.IO.Directory]::CreateDirectory($folder)
    Set-MkDiskTag -Path $Path -Tag @{ Owner = $Owner; SeedSha256 = $null; FolderMade = $made }
    if ($ParentPath -ne '') {
        $null = New-VHD -Path $Path -ParentPath $ParentPath -Differencing -Confirm:$false -ErrorAction Stop
        return
    }
    $null = New-VHD -Path $Path -SizeBytes ([uint64]$SizeGib * 1gb) -Dynamic -Confirm:$false -ErrorAction Stop
}
