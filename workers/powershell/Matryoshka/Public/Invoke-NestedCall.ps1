function Invoke-NestedCall {
    <#
    .SYNOPSIS
    Runs a function of this module once for a call id, and remembers its result on this machine.

    .DESCRIPTION
    The door through which a worker changes a machine. The journal in %ProgramData%\Matryoshka\journal makes a repeated call
    harmless: a finished call answers its recorded result, a running one is waited for, one whose process died runs again.
    A fence lower than one seen for the same scope (the text before '#') is refused. The journal holds no parameters.

    An error of the called function is data in the answer (Status 'failed'), not an error of this function.
    Without a call id nothing is recorded, and only functions that change nothing may be called.

    .PARAMETER Name
    The function: one of this module, except the Invoke- ones.

    .PARAMETER Parameters
    The function's parameters by name.

    .PARAMETER CallId
    '<scope>#<n>' of letters, digits, dot, hyphen and underscore; empty for a call without a journal.

    .PARAMETER Fence
    The caller's fencing number. Higher is newer.

    .PARAMETER WaitSeconds
    How long to wait for the same call while another process runs it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with CallId, Name, Status (completed, failed), Replayed, ResultJson, ErrorId,
    ErrorCategory, ErrorMessage, ErrorHResult, ErrorType and ErrorTarget. Error ids: Matryoshka.FenceTooOld,
    Matryoshka.FunctionNotAllowed, Matryoshka.CallStillRunning, Matryoshka.JournalUnavailable.

    .EXAMPLE
    Invoke-NestedCall -Name 'Start-NestedNode' -Parameters @{ VMId = $id } -CallId 'job_1.start-nest-1.0#1' -Fence 7
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [ValidateNotNull()]
        [hashtable]$Parameters = @{},

        [ValidatePattern('\A\z|\A[A-Za-z0-9._-]{1,150}#[0-9]{1,9}\z')]
        [string]$CallId = '',

        [ValidateRange(0, [long]::MaxValue)]
        [long]$Fence = 0,

        [ValidateRange(0, [int]::MaxValue)]
        [int]$WaitSeconds = 3600
    )
    $command = Resolve-MkFunction -Cmdlet $PSCmdlet -Name $Name -Journaled ($CallId -ne '')
    if ($CallId -eq '') {
        $outcome = Invoke-MkFunction -Command $command -Parameters $Parameters
        return ConvertTo-MkCallRecord -Call @{ CallId = ''; Name = $command.Name } -Outcome $outcome
    }
    $folder = Initialize-MkJournal -Cmdlet $PSCmdlet
    $call = New-MkCall -Folder $folder -CallId $CallId -Name $command.Name -Fence $Fence
    $lock = $null
    try {
        Update-MkFence -Cmdlet $PSCmdlet -Call $call
        $found = Wait-MkCall -Cmdlet $PSCmdlet -Call $call -WaitSeconds $WaitSeconds
        $lock = $found.Lock
        if ($null -eq $lock) {
            # Under the name that was recorded: a caller who asks for another function sees that this is not its answer.
            return ConvertTo-MkCallRecord -Call @{ CallId = $CallId; Name = [string]$found.Record.Name } -Outcome $found.Record -Replayed $true
        }
        # A newer worker may have come while this one waited.
        Update-MkFence -Cmdlet $PSCmdlet -Call $call
        return Invoke-MkJournaledCall -Call $call -Command $command -Parameters $Parameters
    }
    catch [System.IO.IOException], [System.UnauthorizedAccessException] {
        $message = "The journal of '$CallId' cannot be used: $($_.Exception.Message)"
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'JournalUnavailable' -Category WriteError -Message $message -TargetObject $CallId -InnerException $_.Exception
    }
    finally {
        if ($null -ne $lock) {
            $lock.Dispose()
        }
    }
}
