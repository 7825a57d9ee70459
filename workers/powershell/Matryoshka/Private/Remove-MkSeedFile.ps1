function Remove-MkSeedFile {
    # Deletes the answer files; whether there was one.
    [CmdletBinding()]
    [OutputType([bool])]
    param()

    $paths = @(Get-MkSeedFile)
    foreach ($path in $paths) {
        [System.IO.File]::Delete($path)
    }
    return ($paths.Count -gt 0)
}
