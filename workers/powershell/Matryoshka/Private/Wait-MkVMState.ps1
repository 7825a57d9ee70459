function Wait-MkVMState {
    # Waits until a VM is in a state (or gone), at most Seconds; whether it is. For what Hyper-V finishes after its cmdlet returned.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [string]$State,

        [int]$Seconds = 30
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $vm = Get-MkVM -VMId $VMId
        if ($null -eq $vm -or $vm.State.ToString() -eq $State) {
            return ($null -ne $vm)
        }
        if ($watch.Elapsed.TotalSeconds -ge $Seconds) {
            return $false
        }
        Start-Sleep -Milliseconds 500
    }
}
