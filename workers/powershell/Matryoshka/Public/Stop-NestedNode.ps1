function Stop-NestedNode {
    <#
    .SYNOPSIS
    Shuts a node down, saves it, or turns it off.

    .DESCRIPTION
    A node that is off is left alone; so is one that is saved, when it shall be saved. A shutdown gives the guest up to five minutes.

    .PARAMETER VMId
    The VM's id.

    .PARAMETER TurnOff
    Cut the power instead of shutting down.

    .PARAMETER Save
    Keep its memory in a file instead of shutting down; its next start goes on where it was. TurnOff comes first.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and State. Error id: Matryoshka.VmNotFound.

    .EXAMPLE
    Stop-NestedNode -VMId $id -TurnOff
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [switch]$TurnOff,

        [switch]$Save
    )
    $vm = Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId
    $wanted = 'Off'
    if ($Save -and -not $TurnOff) {
        $wanted = 'Saved'
    }
    $changed = $false
    if ('Off', $wanted -notcontains $vm.State.ToString() -and $PSCmdlet.ShouldProcess($vm.Name, 'Stop')) {
        if ($TurnOff) {
            Stop-VM -VM $vm -TurnOff -Force -Confirm:$false -ErrorAction Stop
        }
        else {
            Write-Progress -Activity 'Stopping a node' -Status $vm.Name
            Stop-VM -VM $vm -Save:($wanted -eq 'Saved') -Force -Confirm:$false -ErrorAction Stop
        }
        $null = Wait-MkVMState -VMId $VMId -State $wanted
        $changed = $true
        $vm = Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId
    }
    return [pscustomobject][ordered]@{ Changed = $changed; State = $vm.State.ToString() }
}
