function Test-MkBelow {
    # Whether a path lies in a folder, as far as their text tells; both separators are one. An empty folder holds nothing.
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
    $root = $Folder.Replace('/', '\').TrimEnd('\') + '\'
    $whole = $Path.Replace('/', '\')
    return $whole.Length -gt $root.Length -and $whole.StartsWith($root, [System.StringComparison]::OrdinalIgnoreCase)
}
