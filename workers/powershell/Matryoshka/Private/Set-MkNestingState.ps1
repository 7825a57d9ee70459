function Set-MkNestingState {
    # Applies the settings in which Wanted differs from Present. Memory's two settings go in one call: the bounds of dynamic
    # memory would refuse some orders.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Present,

        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Wanted
    )
    $different = @($Wanted.Keys | Where-Object -FilterScript { $Present[$_] -ne $Wanted[$_] })
    if ($different -contains 'DynamicMemoryEnabled' -or $different -contains 'MemoryStartupMib') {
        $bytes = [long]$Wanted.MemoryStartupMib * 1mb
        Set-VMMemory -VM $VM -DynamicMemoryEnabled ($Wanted.DynamicMemoryEnabled -eq 'True') -StartupBytes $bytes -Confirm:$false -ErrorAction Stop
    }
    if ($different -contains 'ExposeVirtualizationExtensions') {
        Set-VMProcessor -VM $VM -ExposeVirtualizationExtensions ($Wanted.ExposeVirtualizationExtensions -eq 'True') -Confirm:$false -ErrorAction Stop
    }
    if ($different -contains 'AutomaticCheckpointsEnabled' -and (Test-MkParameter -Command 'Set-VM' -Parameter 'AutomaticCheckpointsEnabled')) {
        Set-VM -VM $VM -AutomaticCheckpointsEnabled ($Wanted.AutomaticCheckpointsEnabled -eq 'True') -Confirm:$false -ErrorAction Stop
    }
    foreach ($port in @(Get-MkNestingPort -VM $VM)) {
        if ($different -contains $port.Setting) {
            Set-VMNetworkAdapter -VMNetworkAdapter $port.Adapter -MacAddressSpoofing $Wanted[$port.Setting] -Confirm:$false -ErrorAction Stop
        }
    }
}
