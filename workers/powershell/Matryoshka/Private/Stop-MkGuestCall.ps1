function Stop-MkGuestCall {
    # Ends the calling function with what an error of a guest session means; errors with a meaning of their own pass unchanged.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorRecord]$ErrorRecord,

        [Parameter(Mandatory = $true)]
        [string]$Guest
    )
    $kind = ConvertTo-MkGuestErrorKind -ErrorRecord $ErrorRecord
    if ($kind -eq 'credential') {
        $message = "The guest '$Guest' does not take the credential."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'GuestCredentialRejected' -Category AuthenticationError -Message $message -TargetObject $Guest -InnerException $ErrorRecord.Exception
    }
    if ($kind -eq 'not_ready') {
        $message = "The guest '$Guest' has no session for us (now)."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'GuestNotReady' -Category ResourceUnavailable -Message $message -TargetObject $Guest -InnerException $ErrorRecord.Exception
    }
    throw $ErrorRecord
}
