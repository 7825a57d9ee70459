function Set-MkNetworkPrivate {
    # Makes a public network private: WinRM and the cluster's rules answer the own subnet only on a public one. Windows may take
    # some seconds to identify the network after an address was set.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [int]$InterfaceIndex
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($null -eq ($network = Get-MkNetworkProfile -InterfaceIndex $InterfaceIndex) -and $watch.Elapsed.TotalSeconds -lt 20) {
        Start-Sleep -Milliseconds 500
    }
    if ($null -eq $network) {
        Write-Warning -Message 'Windows has not identified the network yet; its category was left alone.'
        return $false
    }
    if ([string]$network.NetworkCategory -ne 'Public') {
        return $false
    }
    Set-NetConnectionProfile -InterfaceIndex $InterfaceIndex -NetworkCategory 'Private' -Confirm:$false -ErrorAction Stop
    return $true
}
