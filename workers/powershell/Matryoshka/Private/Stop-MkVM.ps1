function Stop-MkVM {
    # Turns a VM off at once; nothing when it is off or saved.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )
    if ('Off', 'Saved', 'OffCritical', 'SavedCritical' -contains $VM.State.ToString()) {
        return
    }
    Stop-VM -VM $VM -TurnOff -Force -Confirm:$false -ErrorAction Stop
    $null = Wait-MkVMState -VMId $VM.Id -State 'Off'
}
