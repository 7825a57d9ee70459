# Part of Install-Matryoshka.ps1, which runs it: its parameters and $PSCmdlet are seen here.
function Get-ModuleFolder {
    # Where modules of all users live, for Windows PowerShell 5.1.
    return [System.IO.Path]::Combine($env:ProgramFiles, 'WindowsPowerShell', 'Modules', 'Matryoshka')
}

function Get-FileTable {
    # The files of a module folder, by relative path, with their hashes.
    param([string]$Folder)

    $table = @{}
    if (-not [System.IO.Directory]::Exists($Folder)) {
        return $table
    }
    foreach ($path in [System.IO.Directory]::GetFiles($Folder, '*.ps*1', [System.IO.SearchOption]::AllDirectories)) {
        $table[$path.Substring($Folder.Length).TrimStart('\', '/')] = (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash
    }
    return $table
}

function Copy-Byte {
    # Copies what a file holds and no more: a file from a browser has a mark beside it, and RemoteSigned refuses what is marked.
    param([string]$From, [string]$To)

    $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($To))
    [System.IO.File]::WriteAllBytes($To, [System.IO.File]::ReadAllBytes($From))
}

function Install-ModuleFile {
    # Copies the module into a folder of its version, if it is not there so already.
    $from = $Source
    if ($from -eq '') {
        $from = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($here, '..', '..', 'workers', 'powershell', 'Matryoshka'))
    }
    $version = [string](Import-PowerShellDataFile -Path ([System.IO.Path]::Combine($from, 'Matryoshka.psd1'))).ModuleVersion
    $to = [System.IO.Path]::Combine((Get-ModuleFolder), $version)
    $wanted = Get-FileTable -Folder $from
    $present = Get-FileTable -Folder $to
    $different = @($wanted.Keys | Where-Object -FilterScript { $present[$_] -ne $wanted[$_] })
    $extra = @($present.Keys | Where-Object -FilterScript { -not $wanted.ContainsKey($_) })
    $changed = $false
    if ($different.Count + $extra.Count -gt 0 -and $PSCmdlet.ShouldProcess($to, 'Install module')) {
        foreach ($name in $different) {
            Copy-Byte -From ([System.IO.Path]::Combine($from, $name)) -To ([System.IO.Path]::Combine($to, $name))
        }
        foreach ($name in $extra) {
            [System.IO.File]::Delete([System.IO.Path]::Combine($to, $name))
        }
        $changed = $true
    }
    Write-Row -What 'Module' -Value $to -Changed $changed
}

function Install-RoleFile {
    # Puts the role capability where Windows PowerShell 5.1 looks: beside the version's folder. It does not look inside it
    # (PowerShell/PowerShell#4105). A session reads it when it opens, so WinRM need not be restarted for it.
    $from = [System.IO.Path]::Combine($here, 'Matryoshka.psrc')
    $to = [System.IO.Path]::Combine((Get-ModuleFolder), 'RoleCapabilities', 'Matryoshka.psrc')
    $changed = $false
    $same = [System.IO.File]::Exists($to) -and (Get-FileHash -LiteralPath $from).Hash -eq (Get-FileHash -LiteralPath $to).Hash
    if (-not $same -and $PSCmdlet.ShouldProcess($to, 'Install role capability')) {
        Copy-Byte -From $from -To $to
        $changed = $true
    }
    Write-Row -What 'RoleCapability' -Value $to -Changed $changed
}

function Remove-ModuleFile {
    # Removes the module, every version, and the role capability with it.
    $folder = Get-ModuleFolder
    $changed = $false
    if ([System.IO.Directory]::Exists($folder) -and $PSCmdlet.ShouldProcess($folder, 'Remove module')) {
        [System.IO.Directory]::Delete($folder, $true)
        $changed = $true
    }
    Write-Row -What 'Module' -Value $folder -Changed $changed
}
