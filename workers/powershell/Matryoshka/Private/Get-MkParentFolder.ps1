function Get-MkParentFolder {
    # The folder of a Windows path, as its text says; '' when it has none (a root, a bare name). Path.GetDirectoryName does not know
    # these paths on every system that this module is tested on, and answers $null for a root.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Path
    )
    # What cannot be left: a drive, a share (also \\?\C: and \\?\Volume{...}), the current drive.
    $root = [regex]::Match($Path, '\A(?:[A-Za-z]:[\\/]?|[\\/]{2}[^\\/]+[\\/]+[^\\/]+|[\\/])').Value
    $end = $Path.LastIndexOfAny([char[]]'\/')
    if ($Path.Length -le $root.Length -or ($end -lt 0 -and $root -eq '')) {
        return ''
    }
    if ($end -lt $root.Length) {
        return $root
    }
    return $root + $Path.Substring($root.Length, $end - $root.Length).TrimEnd('\', '/')
}
