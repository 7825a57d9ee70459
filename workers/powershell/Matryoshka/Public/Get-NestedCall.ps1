function Get-NestedCall {
    <#
    .SYNOPSIS
    Says what this machine's journal knows of a call.

    .DESCRIPTION
    Reads only. A second session asks so whether a cancelled call really stopped. 'abandoned' is a call that was begun by a
    process that is gone.

    .PARAMETER CallId
    '<scope>#<n>' as given to Invoke-NestedCall.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with CallId, Name, Status (absent, running, abandoned, completed, failed,
    stopped), Fence, StartedAt and EndedAt.

    .EXAMPLE
    Get-NestedCall -CallId 'job_1.start-nest-1.0#1'
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[A-Za-z0-9._-]{1,150}#[0-9]{1,9}\z')]
        [string]$CallId
    )
    $call = New-MkCall -Folder (Get-MkJournalFolder) -CallId $CallId
    $record = Read-MkCallRecord -Path $call.Path
    $answer = [ordered]@{
        CallId    = $CallId
        Name      = ''
        Status    = 'absent'
        Fence     = [long]0
        StartedAt = $null
        EndedAt   = $null
    }
    if ($null -ne $record) {
        foreach ($field in 'Name', 'Status', 'Fence', 'StartedAt', 'EndedAt') {
            $answer[$field] = $record.$field
        }
    }
    if ($answer.Status -eq 'running' -and -not (Test-MkLocked -Path $call.LockPath)) {
        # It may have ended between the two looks.
        $record = Read-MkCallRecord -Path $call.Path
        if ($null -ne $record) {
            $answer.Status = $record.Status -replace '\Arunning\z', 'abandoned'
            $answer.EndedAt = $record.EndedAt
        }
    }
    $answer.Status = $answer.Status -replace '\Atorn\z', 'abandoned'
    return [pscustomobject]$answer
}
