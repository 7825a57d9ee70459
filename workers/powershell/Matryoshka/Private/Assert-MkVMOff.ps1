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
        Stop-MkFunction -Cmdlet $Cmdlet -Id $SavedId -Category InvalidOperation -Message "'$($VM.Name)' is $state`: start it and shut it down, or remove its saved state." -TargetObject $VM.Id.ToString()
    }
    Stop-MkFunction -Cmdlet $Cmdlet -Id 'VmNotOff' -Category InvalidOperation -Message "'$($VM.Name)' is $state`: it must be Off." -TargetObject $VM.Id.ToString()
}
