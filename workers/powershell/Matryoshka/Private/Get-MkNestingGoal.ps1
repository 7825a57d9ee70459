function Get-MkNestingGoal {
    # What the settings must be for nesting, in the form of Get-MkNestingState.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Present,

        [long]$MemoryMib = 0
    )
    $goal = [ordered]@{}
    foreach ($setting in $Present.Keys) {
        $goal[$setting] = 'On'
    }
    $goal.DynamicMemoryEnabled = 'False'
    $goal.MemoryStartupMib = $Present.MemoryStartupMib
    if ($MemoryMib -gt 0) {
        $goal.MemoryStartupMib = $MemoryMib.ToString()
    }
    $goal.ExposeVirtualizationExtensions = 'True'
    $goal.AutomaticCheckpointsEnabled = 'False'
    return $goal
}
