function Get-MkGuestScript {
    # The one script that ever runs in a guest: it makes this module there and calls Invoke-NestedCall. It never changes; what
    # differs comes as arguments. Without Source it takes the module that the disk's seed (or an earlier call) left, if its hash
    # is right; a module that is missing or was refused is answered as data, for the host to send it or to give up.
    [CmdletBinding()]
    [OutputType([scriptblock])]
    param()

    return {
        param([string]$Sha256, [string]$Source, [hashtable]$Call)
        Set-StrictMode -Version 3.0
        $ErrorActionPreference = 'Stop'
        $folder = [System.IO.Path]::Combine($env:ProgramData, 'Matryoshka', 'module')
        $path = [System.IO.Path]::Combine($folder, "$Sha256.ps1")
        $text = $Source
        if ($text -eq '') {
            if (-not [System.IO.File]::Exists($path)) {
                return [pscustomobject]@{ MatryoshkaGuest = 'module_missing' }
            }
            $text = [System.IO.File]::ReadAllText($path)
        }
        $hasher = [System.Security.Cryptography.SHA256]::Create()
        $bytes = $hasher.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($text))
        $hasher.Dispose()
        if (([System.BitConverter]::ToString($bytes) -replace '-', '') -ne $Sha256) {
            if ($Source -eq '') {
                return [pscustomobject]@{ MatryoshkaGuest = 'module_missing' }
            }
            return [pscustomobject]@{ MatryoshkaGuest = 'module_refused' }
        }
        try {
            $module = New-Module -Name 'Matryoshka' -ArgumentList $text, $Sha256, ($Source -eq '') -ScriptBlock {
                param($Text, $Sha256, $Preinstalled)
                Set-StrictMode -Version 3.0
                $ErrorActionPreference = 'Stop'
                $script:MkModule = @{ Source = $Text; Sha256 = $Sha256; Preinstalled = $Preinstalled }
                . ([scriptblock]::Create($Text))
                Export-ModuleMember -Function '*-Nested*'
            }
            Import-Module -ModuleInfo $module -Global -Force
        }
        catch {
            # A guest whose language mode or policy forbids it: nothing of ours can run there.
            return [pscustomobject]@{ MatryoshkaGuest = 'module_refused' }
        }
        if ($Source -ne '') {
            & $module { param($Path, $Text) Save-MkModuleText -Path $Path -Text $Text } $path $text
        }
        Invoke-NestedCall @Call
    }
}
