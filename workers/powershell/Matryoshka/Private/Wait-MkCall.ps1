function Wait-MkCall {
    # Answers a finished call's record, or the lock that lets this process run the call. Waits while a living process runs it.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [hashtable]$Call,

        [int]$WaitSeconds = 3600
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $lock = Lock-MkFile -Path $Call.LockPath
        $record = Read-MkCallRecord -Path $Call.Path
        if ($null -ne $record -and ($record.Status -eq 'completed' -or $record.Status -eq 'failed')) {
            if ($null -ne $lock) {
                $lock.Dispose()
            }
            return @{ Record = $record; Lock = $null }
        }
        if ($null -ne $lock) {
            if ($null -ne $record -and $record.Status -eq 'torn') {
                # What it was is lost; the function is safe to repeat. Kept for whoever wants to know why.
                Write-Warning -Message "The record of '$($Call.CallId)' is not whole: the call runs again."
                [System.IO.File]::Copy($Call.Path, [System.IO.Path]::ChangeExtension($Call.Path, '.torn'), $true)
            }
            return @{ Record = $record; Lock = $lock }
        }
        if ($watch.Elapsed.TotalSeconds -ge $WaitSeconds) {
            $message = "The call '$($Call.CallId)' still runs after $WaitSeconds s."
            Stop-MkFunction -Cmdlet $Cmdlet -Id 'CallStillRunning' -Category OperationTimeout -Message $message -TargetObject $Call.CallId
        }
        Write-Progress -Activity 'Waiting for the same call' -Status $Call.CallId
        Start-Sleep -Milliseconds 200
    }
}
