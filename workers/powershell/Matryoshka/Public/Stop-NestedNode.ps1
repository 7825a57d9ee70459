function Stop-NestedNode {
    <#
    .SYNOPSIS
    Shuts a node down, or turns it off.

    .DESCRIPTION
    A node that is off is left alone. A shutdown gives the guest up to five minutes.

    .PARAMETER VMId
    The VM's id.

    .PARAMETER TurnOff
    Cut the power instead of shutting down.

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

        [switch]$TurnOff
    )
    $vm = Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId
    $changed = $false
    if ($vm.State.ToString() -ne 'Off' -and $PSCmdlet.ShouldProcess($vm.Name, 'Stop')) {
        if ($TurnOff) {
            Stop-VM -VM $vm -TurnOff -Force -Confirm:$false -ErrorAction Stop
        }
        else {
            Write-Progress -Activity 'Shutting a node down' -Status $vm.Name
            Stop-VM -VM $vm -Force -Confirm:$false -ErrorAction Stop
        }
        $null = Wait-MkVMState -VMId $VMId -State 'Off'
        $changed = $true
        $vm = Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId
    }
    return [pscustomobject][ordered]@{ Changed = $changed; State = $vm.State.ToString() }
}
