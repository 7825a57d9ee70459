function Set-MkDiskTag {
    # Writes the sidecar file of a disk.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [hashtable]$Tag
    )
    $fields = [ordered]@{ owner = $Tag.Owner; seed_sha256 = $Tag.SeedSha256; folder_made = $Tag.FolderMade }
    Write-MkText -Path "$Path.matryoshka.json" -Text (ConvertTo-Json -InputObject @{ matryoshka = $fields } -Compress)
}
