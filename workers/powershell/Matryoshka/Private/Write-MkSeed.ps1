function Write-MkSeed {
    # Puts the answer file and this module into a Windows that lies in Root; whether one of them was not there so already.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Root,

        [Parameter(Mandatory = $true)]
        [string]$Unattend
    )
    $panther = [System.IO.Path]::Combine($Root, 'Windows', 'Panther')
    $modules = [System.IO.Path]::Combine($Root, 'ProgramData', 'Matryoshka', 'module')
    $null = [System.IO.Directory]::CreateDirectory($panther)
    New-MkClosedFolder -Path $modules
    $files = [ordered]@{}
    $files[[System.IO.Path]::Combine($panther, 'unattend.xml')] = $Unattend
    $files[[System.IO.Path]::Combine($modules, "$($script:MkModule.Sha256).ps1")] = $script:MkModule.Source
    $changed = $false
    foreach ($path in $files.Keys) {
        if ((Read-MkText -Path $path) -cne $files[$path]) {
            Write-MkText -Path $path -Text $files[$path]
            $changed = $true
        }
    }
    Protect-MkFile -Path ([System.IO.Path]::Combine($panther, 'unattend.xml'))
    return $changed
}
