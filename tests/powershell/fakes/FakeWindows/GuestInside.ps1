# Runs in the process of a guest before each call into it: the process becomes (or stays) a machine, and its session is as new as one
# that was just opened. Facts: World, Machine, Boots, Modules, Caller (process id), Folder (the machine's), Home (FakeWindows).
param([hashtable]$Facts)

$env:MATRYOSHKA_FAKE_BOOT = ''
$env:MATRYOSHKA_FAKE_WORLD = $Facts.World
$env:MATRYOSHKA_FAKE_MACHINE = $Facts.Machine
$env:MATRYOSHKA_FAKE_MODULES = $Facts.Modules
$env:ProgramData = [System.IO.Path]::Combine($Facts.Folder, 'ProgramData')
$env:MATRYOSHKA_JOURNAL = [System.IO.Path]::Combine($env:ProgramData, 'Matryoshka', 'journal')
[System.Environment]::CurrentDirectory = [System.IO.Path]::Combine($Facts.Folder, 'Windows')
Set-Location -LiteralPath ([System.Environment]::CurrentDirectory)

if ($null -eq (Get-Variable -Name 'FakeBaseline' -Scope Global -ErrorAction Ignore)) {
    $global:FakeWatch = [powershell]::Create()
    $null = $global:FakeWatch.AddScript([System.IO.File]::ReadAllText([System.IO.Path]::Combine($Facts.Home, 'GuestWatch.ps1'))).AddArgument($Facts.Caller)
    $null = $global:FakeWatch.BeginInvoke()
    . ([System.IO.Path]::Combine($Facts.Home, 'Start-FakeWindows.ps1'))
    $global:FakeBaseline = @{}
    foreach ($one in @(Get-Variable -Scope Global)) {
        $global:FakeBaseline[$one.Name] = $true
    }
}
else {
    foreach ($one in @(Get-Module)) {
        $keeps = $one.Name -eq 'FakeWindows' -or [string]$one.Path -like "$($Facts.Modules)*" -or $one.Name -like 'Microsoft.PowerShell.*'
        if (-not $keeps) {
            Remove-Module -ModuleInfo $one -Force
        }
    }
    foreach ($one in @(Get-Variable -Scope Global)) {
        if (-not $global:FakeBaseline.ContainsKey($one.Name) -and 'one', 'Facts', 'keeps' -notcontains $one.Name) {
            Remove-Variable -Name $one.Name -Scope Global -Force -ErrorAction Ignore
        }
    }
    $global:Error.Clear()
    # The process may have been a machine with other features.
    Get-Module -Name 'Hyper-V', 'FailoverClusters' | Remove-Module -Force
    . $global:FakeImport
}
Get-Item -Path 'Function:New-Module' -ErrorAction Ignore | Remove-Item -Force
if ($Facts.Refused) {
    # A policy of the guest that lets no foreign module run.
    function global:New-Module {
        throw [System.Security.SecurityException]::new('This program is blocked by group policy.')
    }
}
$env:MATRYOSHKA_FAKE_BOOT = $Facts.World, $Facts.Machine, $Facts.Boots -join "`n"
