function Assert-MkVMOff {
    # Ends the calling function unless the VM is off. A saved VM keeps the processor it was saved with, so it is told apart.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [object]$VM,

        [string]$SavedId = 'VmNotOff'
    )
    $state = $VM.State.ToString()
    if ($state -eq 'Off') {
        return
    }
    if ('Saved', 'FastSaved', 'SavedCritical', 'FastSavedCritical', 'Hibernated' -contains $state) {
        $message = "'$($VM.Name)' is $state`: start it and shut it down, or remove its saved state."
        Stop-MkFunction -Cmdlet $Cmdlet -Id $SavedId -Category InvalidOperation -Message $message -TargetObject $VM.Id.ToString()
    }
    $message = "'$($VM.Name)' is $state`: it must be Off."
    Stop-MkFunction -Cmdlet $Cmdlet -Id 'VmNotOff' -Category InvalidOperation -Message $message -TargetObject $VM.Id.ToString()
}
