function Get-MkDiskTag {
    # What the sidecar file of a disk says: Owner, SeedSha256, FolderMade. Owner is $null when the disk is not ours, or when the file is
    # not what we write: a disk whose mark cannot be read is never touched.
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
    try {
        $fields = (ConvertFrom-Json -InputObject $text -ErrorAction Stop).matryoshka
        return @{ Owner = [string]$fields.owner; SeedSha256 = $fields.seed_sha256; FolderMade = [bool]$fields.folder_made }
    }
    catch {
        Write-Warning -Message "'$Path.matryoshka.json' is not a mark of ours."
        return $tag
    }
}
