function Get-MkFormerGoal {
    # What the settings go back to, in the form of Get-MkNestingState. A setting comes as an object or, over PSRP, as a table.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Present,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Settings
    )
    $goal = [ordered]@{}
    foreach ($setting in $Present.Keys) {
        $goal[$setting] = $Present[$setting]
        if ($Settings.Count -eq 0 -and $setting -like 'MacAddressSpoofing:*') {
            $goal[$setting] = 'Off'
        }
    }
    if ($Settings.Count -eq 0) {
        $goal.ExposeVirtualizationExtensions = 'False'
    }
    foreach ($row in $Settings) {
        if ($goal.Contains([string]$row.Setting)) {
            $goal[[string]$row.Setting] = [string]$row.Before
        }
    }
    return $goal
}
