function Update-MkFence {
    # Remembers the highest fence of a call's scope and refuses a lower one: a worker that lost its lease must not act any more.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [hashtable]$Call
    )
    $lock = Wait-MkLock -Cmdlet $Cmdlet -Path "$($Call.FencePath).lock" -Seconds 30
    try {
        $seen = Read-MkFence -Call $Call
        if ($Call.Fence -gt $seen) {
            Write-MkText -Path $Call.FencePath -Text "$($Call.Fence)`n"
        }
    }
    finally {
        $lock.Dispose()
    }
    if ($Call.Fence -lt $seen) {
        $message = "Fence $($Call.Fence) of '$($Call.CallId)' is older than $seen, which this machine has seen."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'FenceTooOld' -Category InvalidOperation -Message $message -TargetObject $Call.CallId
    }
}
