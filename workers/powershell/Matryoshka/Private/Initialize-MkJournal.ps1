function Initialize-MkJournal {
    # Makes the journal's folder and closes it; answers its path. JournalUnavailable when that cannot be done.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet
    )
    $folder = Get-MkJournalFolder
    try {
        New-MkClosedFolder -Path $folder
    }
    catch {
        $message = "The journal folder '$folder' cannot be used: $($_.Exception.Message)"
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'JournalUnavailable' -Category WriteError -Message $message -TargetObject $folder -InnerException $_.Exception
    }
    return $folder
}
