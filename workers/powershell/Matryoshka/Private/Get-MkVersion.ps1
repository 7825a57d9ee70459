function Get-MkVersion {
    # The version of the module; a test keeps it equal to the manifest's, because a module made of text has no manifest.
    [CmdletBinding()]
    [OutputType([string])]
    param()

    return '0.1.0'
}
