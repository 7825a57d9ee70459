# Makes the module Matryoshka of a text and makes its functions callable by name in this session.
# Static: only the two parameters change, so an endpoint (or the sandbox) can know it by its hash.
# Source: the module's functions as one text (LF line ends). Sha256: the hash of its UTF-8 bytes, checked before anything runs.
param(
    [string]$Source,

    [string]$Sha256
)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$present = Get-Command -Name 'Get-NestedModuleInfo' -CommandType Function -ErrorAction Ignore
if ($null -ne $present) {
    $info = & $present
    if ($info.Sha256 -eq $Sha256) {
        return $info
    }
}

$hasher = [System.Security.Cryptography.SHA256]::Create()
try {
    $bytes = $hasher.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($Source))
}
finally {
    $hasher.Dispose()
}
if (([System.BitConverter]::ToString($bytes) -replace '-', '') -ne $Sha256) {
    $exception = New-Object -TypeName 'System.InvalidOperationException' -ArgumentList 'The module that arrived is not the one that was announced.'
    throw (New-Object -TypeName 'System.Management.Automation.ErrorRecord' -ArgumentList $exception, 'Matryoshka.ModuleRefused', 'InvalidData', $Sha256)
}

$module = New-Module -Name 'Matryoshka' -ArgumentList $Source, $Sha256 -ScriptBlock {
    param($Source, $Sha256)
    Set-StrictMode -Version 3.0
    $ErrorActionPreference = 'Stop'
    $script:MkModule = @{ Source = $Source; Sha256 = $Sha256.ToLowerInvariant(); Preinstalled = $false }
    . ([scriptblock]::Create($Source))
    Export-ModuleMember -Function '*-Nested*'
}
Import-Module -ModuleInfo $module -Global -Force
Get-NestedModuleInfo
