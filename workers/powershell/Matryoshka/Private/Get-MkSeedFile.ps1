function Get-MkSeedFile {
    # The answer files that are still on this machine: they may hold the Administrator's password. Setup keeps the file that it was
    # given, and newer ones a copy of it as it was before passwords were blanked.
    [CmdletBinding()]
    [OutputType([string])]
    param()

    $windows = [System.Environment]::GetFolderPath('Windows')
    foreach ($place in 'Panther', 'Panther/Unattend', 'System32/Sysprep') {
        $folder = [System.IO.Path]::Combine($windows, $place.Replace('/', [string][System.IO.Path]::DirectorySeparatorChar))
        foreach ($name in 'unattend.xml', 'unattend-original.xml', 'autounattend.xml') {
            $path = [System.IO.Path]::Combine($folder, $name)
            if ([System.IO.File]::Exists($path)) {
                $path
            }
        }
    }
}
