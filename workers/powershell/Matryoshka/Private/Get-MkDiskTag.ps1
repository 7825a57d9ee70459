function Get-MkDiskTag {
    # What the sidecar file of a disk says: Owner, SeedSha256, FolderMade; $null values when the disk is not ours.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    $tag = @{ Owner = $null; SeedSha256 = $null; FolderMade = $false }
    $text = Read-MkText -Path "$Path.matryoshka.json"
    if ([string]::IsNullOrEmpty($text)) {
        return $tag
    }
    $fields = (ConvertFrom-Json -InputObject $text -ErrorAction Stop).matryoshka
    $tag.Owner = [string]$fields.owner
    $tag.SeedSha256 = $fields.seed_sha256
    $tag.FolderMade = [bool]$fields.folder_made
    return $tag
}
