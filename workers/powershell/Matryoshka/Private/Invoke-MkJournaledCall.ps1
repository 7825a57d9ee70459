function Invoke-MkJournaledCall {
    # Runs a call under its lock and records it: running, then completed, failed or (when the pipeline is stopped) stopped.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Call,

        [Parameter(Mandatory = $true)]
        [System.Management.Automation.CommandInfo]$Command,

        [Parameter(Mandatory = $true)]
        [hashtable]$Parameters
    )
    $outcome = $null
    try {
        Write-MkCallRecord -Call $Call -Status 'running'
        $outcome = Invoke-MkFunction -Command $Command -Parameters $Parameters
        Write-MkCallRecord -Call $Call -Status $outcome.Status -Outcome $outcome
        return ConvertTo-MkCallRecord -Call $Call -Outcome $outcome
    }
    finally {
        if ($null -eq $outcome) {
            Write-MkCallRecord -Call $Call -Status 'stopped'
        }
    }
}
