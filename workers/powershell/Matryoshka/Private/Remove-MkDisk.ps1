function Remove-MkDisk {
    # Deletes a disk and its mark, then the folder if it was made for the disk and is empty now.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    $made = (Get-MkDiskTag -Path $Path).FolderMade
    [System.IO.File]::Delete($Path)
    [System.IO.File]::Delete("$Path.matryoshka.json")
    $folder = Get-MkParentFolder -Path $Path
    if ($made -and [System.IO.Directory]::GetFileSystemEntries($folder).Length -eq 0) {
        [System.IO.Directory]::Delete($folder)
    }
}
