# Makes the modules of a pretended Windows from the committed tables: one assembly with Microsoft's enums and object types, one
# assembly a compiled module, one script a module that Windows makes from CDXML. Every cmdlet takes just what Windows' takes, so
# that the engine's own binder refuses the rest with Windows' own ids; what a cmdlet does is in FakeWindows/Bodies.
param(
    [Parameter(Mandatory = $true)]
    [string]$Table,

    [Parameter(Mandatory = $true)]
    [string]$Classes,

    [Parameter(Mandatory = $true)]
    [string]$Out,

    # The Windows Server whose parameters the cmdlets have: 2016, 2019, 2022 or 2025.
    [Parameter(Mandatory = $true)]
    [string]$Release
)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
. ([System.IO.Path]::Combine($PSScriptRoot, 'Emit.ps1'))
. ([System.IO.Path]::Combine($PSScriptRoot, 'Parameters.ps1'))

$script:Types = $null
$script:Facts = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($Table)) -AsHashtable
$script:Rules = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($Classes)) -AsHashtable
$null = [System.IO.Directory]::CreateDirectory($Out)

$path = [System.IO.Path]::Combine($Out, 'FakeWindows.Types.dll')
New-TypeAssembly -Path $path
$script:Types = [System.Reflection.Assembly]::LoadFrom($path)

$modules = @{}
foreach ($name in $script:Facts.cmdlets.Keys) {
    $module = $script:Facts.cmdlets[$name].module
    $wrapped = $script:Rules.wrapped -contains $name
    if ($script:Rules.provided -contains $module -and -not $wrapped) {
        continue
    }
    # The engine has modules of these names itself, which must stay what they are.
    $file = $module
    if ($module.StartsWith('Microsoft.PowerShell.')) {
        $file = "Fake.$module"
    }
    if (-not $modules.ContainsKey($file)) {
        $modules[$file] = @{ binary = [System.Collections.Generic.List[string]]::new(); functions = [System.Collections.Generic.List[string]]::new() }
    }
    $kind = 'functions'
    if ($script:Rules.binary.ContainsKey($module) -and $script:Rules.functions -notcontains $name) {
        $kind = 'binary'
    }
    $modules[$file][$kind].Add($name)
}
foreach ($file in $modules.Keys) {
    if ($modules[$file].binary.Count -gt 0) {
        New-CmdletAssembly -Module $file -Name $modules[$file].binary -Path ([System.IO.Path]::Combine($Out, "$file.dll"))
    }
    if ($modules[$file].functions.Count -gt 0) {
        $text = ($modules[$file].functions | ForEach-Object -Process { Get-FunctionText -Name $_ }) -join "`n"
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($Out, "$file.psm1"), $text)
    }
}
