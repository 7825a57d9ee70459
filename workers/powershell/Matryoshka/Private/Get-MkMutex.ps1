function Get-MkMutex {
    # Takes a machine-wide mutex, waiting as long as it needs (at most Seconds, then an error). The caller releases it.
    # Mounted differencing disks of one parent carry the same disk signature, so disks are mounted one at a time.
    [CmdletBinding()]
    [OutputType([System.Threading.Mutex])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [int]$Seconds = 900
    )
    $mutex = New-Object -TypeName 'System.Threading.Mutex' -ArgumentList $false, "Global\$Name"
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        try {
            if ($mutex.WaitOne(500)) {
                return $mutex
            }
        }
        catch [System.Threading.AbandonedMutexException] {
            # Its owner died: it is ours now.
            return $mutex
        }
        if ($watch.Elapsed.TotalSeconds -ge $Seconds) {
            $mutex.Dispose()
            throw "Another process held '$Name' for $Seconds s."
        }
        Write-Progress -Activity 'Waiting for another seed' -Status $Name
    }
}
