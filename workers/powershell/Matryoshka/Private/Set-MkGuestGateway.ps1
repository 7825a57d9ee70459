function Set-MkGuestGateway {
    # Gives an interface this default gateway as its only one; whether something had to be done.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [int]$InterfaceIndex,

        [Parameter(Mandatory = $true)]
        [string]$Gateway
    )
    $present = Get-MkGateway -InterfaceIndex $InterfaceIndex
    if ($present -eq $Gateway) {
        return $false
    }
    if ($null -ne $present) {
        Remove-NetRoute -InterfaceIndex $InterfaceIndex -DestinationPrefix '0.0.0.0/0' -Confirm:$false -ErrorAction Stop
    }
    $null = New-NetRoute -InterfaceIndex $InterfaceIndex -DestinationPrefix '0.0.0.0/0' -NextHop $Gateway -Confirm:$false -ErrorAction Stop
    return $true
}
