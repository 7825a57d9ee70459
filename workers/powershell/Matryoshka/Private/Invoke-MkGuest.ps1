function Invoke-MkGuest {
    # Calls Invoke-NestedCall in a guest with these arguments and answers its call record. The guest's other streams flow on.
    # The module is sent only when the guest lacks it. Errors are those of the session or of the guest's Invoke-NestedCall.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [hashtable]$Target,

        [Parameter(Mandatory = $true)]
        [hashtable]$Call
    )
    $constant = Get-MkGuestScript
    $answer = $null
    foreach ($source in '', $script:MkModule.Source) {
        $answer = Invoke-Command @Target -ScriptBlock $constant -ArgumentList $script:MkModule.Sha256, $source, $Call -ErrorAction Stop
        if ($null -eq $answer -or $null -eq $answer.PSObject.Properties['MatryoshkaGuest']) {
            break
        }
        if ($answer.MatryoshkaGuest -ne 'module_missing') {
            break
        }
    }
    if ($null -eq $answer -or $null -eq $answer.PSObject.Properties['ResultJson']) {
        $message = 'The guest did not take the Matryoshka module.'
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'GuestModuleRefused' -Category InvalidData -Message $message -TargetObject $script:MkModule.Sha256
    }
    return $answer
}
