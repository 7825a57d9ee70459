function Test-MkAddressUnique {
    # Whether a new address passed Windows' duplicate detection; waits for its verdict, at most 10 s.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [int]$InterfaceIndex,

        [Parameter(Mandatory = $true)]
        [string]$Address
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $state = 'Tentative'
    while ($state -eq 'Tentative' -and $watch.Elapsed.TotalSeconds -lt 10) {
        Start-Sleep -Milliseconds 500
        foreach ($entry in @(Get-MkAddress -InterfaceIndex $InterfaceIndex | Where-Object -FilterScript { $_.IPAddress -eq $Address })) {
            $state = [string]$entry.AddressState
        }
    }
    return ($state -ne 'Duplicate')
}
