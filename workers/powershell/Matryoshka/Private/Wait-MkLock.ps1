function Wait-MkLock {
    # Opens a file for this process alone, waiting some seconds for others. JournalUnavailable when it does not come free.
    [CmdletBinding()]
    [OutputType([System.IO.FileStream])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [string]$Path,

        [int]$Seconds = 30
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $stream = Lock-MkFile -Path $Path
        if ($null -ne $stream) {
            return $stream
        }
        if ($watch.Elapsed.TotalSeconds -ge $Seconds) {
            $message = "The journal file '$Path' was held by others for $Seconds s."
            Stop-MkFunction -Cmdlet $Cmdlet -Id 'JournalUnavailable' -Category WriteError -Message $message -TargetObject $Path
        }
        Start-Sleep -Milliseconds 100
    }
}
