function Get-MkBoot {
    # This boot: an identity that stays the same until the next one, and when it was.
    # LastBootUpTime moves when the clock is set (time synchronization after a start), so it is no identity: the creation time
    # of the System process (id 4) was written once at boot. LastBootUpTime stands in where that is not told.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()

    $system = Get-CimInstance -ClassName 'Win32_OperatingSystem' -Property 'LastBootUpTime', 'LocalDateTime' -ErrorAction Stop
    $process = Get-CimInstance -ClassName 'Win32_Process' -Filter 'ProcessId = 4' -Property 'ProcessId', 'CreationDate' -ErrorAction Stop
    $mark = $system.LastBootUpTime
    if ($null -ne $process -and $null -ne $process.CreationDate) {
        $mark = $process.CreationDate
    }
    return @{
        BootId        = $mark.ToUniversalTime().ToString('yyyyMMddHHmmssfff', [System.Globalization.CultureInfo]::InvariantCulture)
        BootedAt      = $system.LastBootUpTime
        UptimeSeconds = [long][System.Math]::Floor(($system.LocalDateTime - $system.LastBootUpTime).TotalSeconds)
    }
}
