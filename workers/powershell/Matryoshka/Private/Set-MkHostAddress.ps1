function Set-MkHostAddress {
    # Gives the host's adapter on a switch its address; whether something had to be done. Windows shows the adapter of a new
    # switch some seconds late: waited for.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VMSwitch,

        [Parameter(Mandatory = $true)]
        [string]$HostAddress,

        [Parameter(Mandatory = $true)]
        [int]$PrefixLength
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($null -eq ($interface = Get-MkSwitchInterface -VMSwitch $VMSwitch) -and $watch.Elapsed.TotalSeconds -lt 30) {
        Start-Sleep -Milliseconds 500
    }
    if ($null -eq $interface) {
        throw "The host's adapter on the switch '$($VMSwitch.Name)' did not appear in 30 s."
    }
    foreach ($address in @(Get-MkAddress -InterfaceIndex $interface.InterfaceIndex)) {
        if ($address.IPAddress -eq $HostAddress -and $address.PrefixLength -eq $PrefixLength) {
            return $false
        }
        Remove-NetIPAddress -InterfaceIndex $interface.InterfaceIndex -IPAddress $address.IPAddress -Confirm:$false -ErrorAction Stop
    }
    $null = New-NetIPAddress -InterfaceIndex $interface.InterfaceIndex -IPAddress $HostAddress -PrefixLength $PrefixLength -Confirm:$false -ErrorAction Stop
    return $true
}
