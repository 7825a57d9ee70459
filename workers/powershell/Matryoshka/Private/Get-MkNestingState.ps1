function Get-MkNestingState {
    # The settings that nesting depends on, each as a string, in the order in which they are applied.
    # Spoofing is a feature of a switch port, so only connected adapters have it.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )
    $memory = Get-VMMemory -VM $VM -ErrorAction Stop
    $processor = Get-VMProcessor -VM $VM -ErrorAction Stop
    $state = [ordered]@{
        DynamicMemoryEnabled           = ([bool]$memory.DynamicMemoryEnabled).ToString()
        MemoryStartupMib               = ([long]($memory.Startup / 1mb)).ToString()
        ExposeVirtualizationExtensions = ([bool]$processor.ExposeVirtualizationExtensions).ToString()
        AutomaticCheckpointsEnabled    = (Test-MkAutomaticCheckpoint -VM $VM).ToString()
    }
    foreach ($port in @(Get-MkNestingPort -VM $VM)) {
        $state[$port.Setting] = $port.Adapter.MacAddressSpoofing.ToString()
    }
    return $state
}
