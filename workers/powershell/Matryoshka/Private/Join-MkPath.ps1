function Join-MkPath {
    # A path below a folder, with the folder's own separator: what lies in a Windows folder has a Windows path on every system.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Folder,

        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    $separator = '\'
    if (-not $Folder.Contains('\') -and $Folder.Contains('/')) {
        $separator = '/'
    }
    return $Folder.TrimEnd('\', '/') + $separator + $Name
}
