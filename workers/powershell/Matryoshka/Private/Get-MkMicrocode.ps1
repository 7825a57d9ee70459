function Get-MkMicrocode {
    # The microcode signature in use, 8 hex digits; $null when not told. FFFFFFFF in a Hyper-V guest (docs/sources.md H6).
    # The value is 8 bytes with the revision in the upper half on Intel, or 4 bytes: the last part that is not zero counts.
    [CmdletBinding()]
    [OutputType([string])]
    param()

    $value = Get-MkRegistryValue -Path 'HKLM:\HARDWARE\DESCRIPTION\System\CentralProcessor\0' -Name 'Update Revision'
    if ($null -eq $value) {
        return $null
    }
    if ($value -isnot [array]) {
        return ([long]$value -band 4294967295).ToString('X8')
    }
    $bytes = [byte[]]$value
    for ($start = $bytes.Length - 4; $start -ge 0; $start -= 4) {
        $part = [System.BitConverter]::ToUInt32($bytes, $start)
        if ($part -ne 0) {
            return $part.ToString('X8')
        }
    }
    return '00000000'
}
