function Set-MkGuestAddress {
    # Gives an interface this address as its only one, and this gateway; whether something had to be done. Ends the calling
    # function with AddressInUse when another adapter, or another machine on the network, has it.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [int]$InterfaceIndex,

        [Parameter(Mandatory = $true)]
        [string]$Address,

        [Parameter(Mandatory = $true)]
        [int]$PrefixLength
    )
    $present = $false
    foreach ($entry in @(Get-MkAddress)) {
        $same = $entry.IPAddress -eq $Address
        if ($same -and $entry.InterfaceIndex -ne $InterfaceIndex) {
            $message = "Another adapter of this machine has $Address."
            Stop-MkFunction -Cmdlet $Cmdlet -Id 'AddressInUse' -Category ResourceExists -Message $message -TargetObject $Address
        }
        if ($entry.InterfaceIndex -ne $InterfaceIndex) {
            continue
        }
        if ($same -and $entry.PrefixLength -eq $PrefixLength -and [string]$entry.PrefixOrigin -eq 'Manual') {
            $present = $true
        }
        elseif ([string]$entry.PrefixOrigin -eq 'Manual') {
            Remove-NetIPAddress -InterfaceIndex $InterfaceIndex -IPAddress $entry.IPAddress -Confirm:$false -ErrorAction Stop
        }
    }
    if ($present) {
        return $false
    }
    Set-NetIPInterface -InterfaceIndex $InterfaceIndex -AddressFamily 'IPv4' -Dhcp 'Disabled' -Confirm:$false -ErrorAction Stop
    $null = New-NetIPAddress -InterfaceIndex $InterfaceIndex -IPAddress $Address -PrefixLength $PrefixLength -Confirm:$false -ErrorAction Stop
    if (-not (Test-MkAddressUnique -InterfaceIndex $InterfaceIndex -Address $Address)) {
        Remove-NetIPAddress -InterfaceIndex $InterfaceIndex -IPAddress $Address -Confirm:$false -ErrorAction Stop
        $message = "Another machine on the network has $Address."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'AddressInUse' -Category ResourceExists -Message $message -TargetObject $Address
    }
    return $true
}
