#Requires -Version 5.1
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

# An endpoint that shows chosen commands only (JEA) forbids the whole session to load modules by itself, but the functions need those
# of Windows. The caller gains nothing: he cannot see Import-Module, so nothing is loaded for him, and what is loaded for a function
# is as hidden. Elsewhere the user's own setting stays.
$importer = Microsoft.PowerShell.Core\Get-Command -Name 'Import-Module' -CommandType Cmdlet -ErrorAction Ignore
if ($null -eq $importer -or $importer.Visibility -eq 'Private') {
    $global:PSModuleAutoLoadingPreference = 'All'
}

# The functions as one text, in the order and form in which a worker sends them: so that Sha256 is the same everywhere, and a
# host can hand the module on to its guests.
$texts = New-Object -TypeName 'System.Collections.Generic.List[string]'
$exported = New-Object -TypeName 'System.Collections.Generic.List[string]'
foreach ($folder in 'Private', 'Public') {
    $paths = [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($PSScriptRoot, $folder), '*.ps1')
    [System.Array]::Sort($paths, [System.StringComparer]::Ordinal)
    foreach ($path in $paths) {
        . $path
        $texts.Add([System.IO.File]::ReadAllText($path).Replace("`r`n", "`n"))
        if ($folder -eq 'Public') {
            $exported.Add([System.IO.Path]::GetFileNameWithoutExtension($path))
        }
    }
}
$source = [string]::Join("`n", $texts.ToArray())
$script:MkModule = @{ Source = $source; Sha256 = (Get-MkSha256 -Text $source); Preinstalled = $true }
Export-ModuleMember -Function $exported.ToArray()
