function Set-MkGuestPolicy {
    # Lets local administrators act over the network, as cluster cmdlets of a workgroup need it (docs/sources.md H15), and trusts
    # the other nodes; whether something had to be done.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$HostName
    )
    $policy = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
    $changed = Set-MkRegistryValue -Path $policy -Name 'LocalAccountTokenFilterPolicy' -Value 1 -Type DWord
    if ((Get-CimInstance -ClassName 'Win32_ComputerSystem' -Property 'PartOfDomain' -ErrorAction Stop).PartOfDomain) {
        return $changed
    }
    return (Set-MkTrustedHost -Name $HostName) -or $changed
}
