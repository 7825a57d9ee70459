function Get-MkHostsPath {
    # Windows' hosts file.
    [CmdletBinding()]
    [OutputType([string])]
    param()

    return [System.IO.Path]::Combine([System.Environment]::GetFolderPath('System'), 'drivers', 'etc', 'hosts')
}
