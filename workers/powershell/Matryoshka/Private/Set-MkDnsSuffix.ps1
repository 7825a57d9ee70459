function Set-MkDnsSuffix {
    # Sets the computer's primary DNS suffix, which the nodes of a workgroup cluster must share; whether something had to be done.
    # It comes into force with a restart. A domain member's suffix is the domain's: left alone.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$DnsSuffix
    )
    $member = (Get-CimInstance -ClassName 'Win32_ComputerSystem' -Property 'PartOfDomain' -ErrorAction Stop).PartOfDomain
    if ($DnsSuffix -eq '' -or $member) {
        return $false
    }
    $tcpip = 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
    $changed = Set-MkRegistryValue -Path $tcpip -Name 'NV Domain' -Value $DnsSuffix
    return (Set-MkRegistryValue -Path $tcpip -Name 'Domain' -Value $DnsSuffix) -or $changed
}
