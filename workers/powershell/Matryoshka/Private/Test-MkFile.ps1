function Test-MkFile {
    # Whether a file is there; the path is taken literally.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    return [bool](Test-Path -LiteralPath $Path -PathType Leaf)
}
