function Clear-NestedCallJournal {
    <#
    .SYNOPSIS
    Removes old calls from this machine's journal.

    .DESCRIPTION
    Removes calls that ended (or were abandoned) more than the given days ago, and fences of scopes that have no call left.
    A call that is running is kept whatever its age.

    .PARAMETER OlderThanDays
    The age from which a call is removed; 0 removes every call that does not run.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, Removed (calls) and Kept (calls).

    .EXAMPLE
    Clear-NestedCallJournal -OlderThanDays 30
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [ValidateRange(0, 3650)]
        [int]$OlderThanDays = 30
    )
    $folder = Get-MkJournalFolder
    $removed = 0
    $kept = 0
    if ([System.IO.Directory]::Exists($folder)) {
        $limit = [datetime]::UtcNow.AddDays(-$OlderThanDays)
        foreach ($path in [System.IO.Directory]::GetFiles($folder, '*.call')) {
            $old = [System.IO.File]::GetLastWriteTimeUtc($path) -le $limit
            if ($old -and $PSCmdlet.ShouldProcess($path, 'Remove') -and (Remove-MkCall -Path $path)) {
                $removed++
            }
            else {
                $kept++
            }
        }
        if ($PSCmdlet.ShouldProcess($folder, 'Remove fences without calls')) {
            Remove-MkFence -Folder $folder -Limit $limit
        }
    }
    return [pscustomobject][ordered]@{ Changed = ($removed -gt 0); Removed = $removed; Kept = $kept }
}
