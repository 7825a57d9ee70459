function Get-MkSeedFile {
    # The answer files that are still on this machine: they may hold the Administrator's password.
    [CmdletBinding()]
    [OutputType([string])]
    param()

    $windows = [System.Environment]::GetFolderPath('Windows')
    $places = @(
        @($windows, 'Panther', 'unattend.xml')
        @($windows, 'Panther', 'Unattend', 'unattend.xml')
        @($windows, 'System32', 'Sysprep', 'unattend.xml')
    )
    foreach ($place in $places) {
        $path = [System.IO.Path]::Combine([string[]]$place)
        if ([System.IO.File]::Exists($path)) {
            $path
        }
    }
}
