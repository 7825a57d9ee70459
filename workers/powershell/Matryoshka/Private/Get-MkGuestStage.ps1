function Get-MkGuestStage {
    # How far a guest has come: no_session, session (Windows Setup is at work) or setup_complete, with its boot.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [hashtable]$Target,

        [bool]$Young = $false
    )
    $seen = @{ Reached = $false; Stage = 'no_session'; ImageState = $null; BootId = $null; PendingReboot = $null; PauseSeconds = 3 }
    try {
        $seen.ImageState = Invoke-Command @Target -ErrorAction Stop -ScriptBlock {
            $key = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State'
            [string](Get-ItemProperty -LiteralPath $key -Name 'ImageState' -ErrorAction Stop).ImageState
        } | ForEach-Object -Process { $_.ToString() }
        $seen.Stage = 'session'
        if ($seen.ImageState -eq 'IMAGE_STATE_COMPLETE') {
            $answer = Invoke-MkGuest -Cmdlet $Cmdlet -Target $Target -Call @{ Name = 'Get-NestedBootIdentity' }
            if ($answer.Status -eq 'completed') {
                $boot = ConvertFrom-Json -InputObject $answer.ResultJson
                $seen.BootId = [string]$boot.BootId
                $seen.PendingReboot = [bool]$boot.PendingReboot
                $seen.Stage = 'setup_complete'
            }
        }
    }
    catch {
        $kind = ConvertTo-MkGuestErrorKind -ErrorRecord $_
        if ($kind -eq 'own') {
            throw
        }
        if ($kind -eq 'credential') {
            $seen.PauseSeconds = 15
            if (-not $Young) {
                $message = 'The guest does not take the credential.'
                Stop-MkFunction -Cmdlet $Cmdlet -Id 'GuestCredentialRejected' -Category AuthenticationError -Message $message -InnerException $_.Exception
            }
        }
        Write-Verbose -Message "No session yet: $($_.FullyQualifiedErrorId)"
    }
    return $seen
}
