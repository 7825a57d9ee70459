# Dot-source this in a runspace's global scope: the runspace is then a machine of the pretended Windows.
Import-Module -Name ([System.IO.Path]::Combine($PSScriptRoot, 'FakeWindows.psm1')) -Global

# Compiled cmdlets become global only when they are imported from the global scope. Windows loads the module of a feature that was
# just installed by itself: the body that installs it calls this again.
$global:FakeImport = {
    foreach ($path in Get-FakeModulePath) {
        Import-Module -Name $path -Global -DisableNameChecking
    }
}
. $global:FakeImport

# An alias comes before a function, also before one inside the module that is tested.
Set-Alias -Name 'Test-MkRole' -Value 'Test-FakeRole' -Scope Global
