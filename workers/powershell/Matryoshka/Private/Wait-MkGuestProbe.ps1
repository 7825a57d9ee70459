function Wait-MkGuestProbe {
    # The CPU probe of a guest, asked for until it answers, at most Seconds. Probe is $null and Reason says why when it does not.
    # A credential may be rejected while Windows Setup is at work, so it ends the wait only with the time.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [hashtable]$Target,

        [int]$Seconds = 300
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $reason = 'the guest did not answer'
        try {
            $record = Invoke-MkGuest -Cmdlet $Cmdlet -Target $Target -Call @{ Name = 'Get-NestedCpuProbe' }
            if ($record.Status -eq 'completed') {
                return @{ Probe = (ConvertFrom-Json -InputObject $record.ResultJson); Reason = $null }
            }
            $reason = "the probe failed in the guest: $($record.ErrorId)"
        }
        catch {
            if ((ConvertTo-MkGuestErrorKind -ErrorRecord $_) -eq 'credential') {
                $reason = 'the guest rejected the credential'
            }
        }
        if ($watch.Elapsed.TotalSeconds -ge $Seconds) {
            return @{ Probe = $null; Reason = $reason }
        }
        Write-Progress -Activity 'Waiting for the nested guest' -Status $reason -SecondsRemaining ([int]($Seconds - $watch.Elapsed.TotalSeconds))
        Start-Sleep -Seconds 15
    }
}
