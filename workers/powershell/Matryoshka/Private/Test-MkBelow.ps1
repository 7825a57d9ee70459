function Test-MkBelow {
    # Whether a path lies in a folder, as far as their text tells. An empty folder holds nothing.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [AllowNull()]
        [AllowEmptyString()]
        [string]$Path,

        [AllowNull()]
        [AllowEmptyString()]
        [string]$Folder
    )
    if ([string]::IsNullOrEmpty($Folder) -or [string]::IsNullOrEmpty($Path)) {
        return $false
    }
    $root = $Folder.TrimEnd('\', '/')
    return $Path.Length -gt $root.Length -and $Path.StartsWith($root, [System.StringComparison]::OrdinalIgnoreCase) -and '\/'.Contains($Path.Substring($root.Length, 1))
}
