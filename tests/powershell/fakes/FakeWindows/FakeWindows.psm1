# A pretended Windows: one world in a JSON file, shared by all processes that are a machine of it. Cmdlets with Windows' own
# signatures (Make-FakeWindows.ps1) pass themselves to FakeDoor; what they do is in Bodies, written from what Windows does.
#   MATRYOSHKA_FAKE_WORLD    the world's file (README.md says what is in it)
#   MATRYOSHKA_FAKE_MACHINE  the uid of the machine that this process is
#   MATRYOSHKA_FAKE_MODULES  the folder that Make-FakeWindows.ps1 filled
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$script:Bodies = @{}
$script:Types = [System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($env:MATRYOSHKA_FAKE_MODULES, 'FakeWindows.Types.dll'))
$script:Texts = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText([System.IO.Path]::Combine($PSScriptRoot, 'Texts.json'))) -AsHashtable
# Modules that a machine has only with a feature; the others are always there.
$script:FeatureModules = @{ 'Hyper-V' = 'Hyper-V-PowerShell'; 'FailoverClusters' = 'RSAT-Clustering-PowerShell' }

. ([System.IO.Path]::Combine($PSScriptRoot, 'Store.ps1'))
. ([System.IO.Path]::Combine($PSScriptRoot, 'Answers.ps1'))
. ([System.IO.Path]::Combine($PSScriptRoot, 'Guest.ps1'))
. ([System.IO.Path]::Combine($PSScriptRoot, 'GuestDisk.ps1'))
. ([System.IO.Path]::Combine($PSScriptRoot, 'GuestSession.ps1'))
foreach ($file in [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($PSScriptRoot, 'Bodies'), '*.ps1')) {
    . $file
}

function Get-FakeModulePath {
    # The files of the modules that this machine has now.
    $machine = (Read-FakeWorld).machines[$env:MATRYOSHKA_FAKE_MACHINE]
    foreach ($path in [System.IO.Directory]::GetFiles($env:MATRYOSHKA_FAKE_MODULES)) {
        $name = [System.IO.Path]::GetFileNameWithoutExtension($path)
        $feature = $script:FeatureModules[$name]
        if ($name -ne 'FakeWindows.Types' -and ($null -eq $feature -or $machine.features[$feature] -eq 'Installed')) {
            $path
        }
    }
}

$global:FakeDoor = {
    param([System.Management.Automation.PSCmdlet]$Cmdlet)
    Invoke-FakeBody -Cmdlet $Cmdlet
}

function Test-FakeRole {
    # Whether the caller's token holds a group: .NET answers that on Windows only, and no cmdlet does.
    param([string]$Sid)

    $machine = (Read-FakeWorld).machines[$env:MATRYOSHKA_FAKE_MACHINE]
    return [bool]$machine[@{ 'S-1-5-32-544' = 'is_admin'; 'S-1-5-32-578' = 'is_hyperv_admin' }[$Sid]]
}
Export-ModuleMember -Function 'Get-FakeModulePath', 'Invoke-FakeBody', 'Test-FakeRole'
