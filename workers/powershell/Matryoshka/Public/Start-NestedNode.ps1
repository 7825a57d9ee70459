function Start-NestedNode {
    <#
    .SYNOPSIS
    Starts a node.

    .DESCRIPTION
    A node that runs is left alone. Windows' own refusals (memory, a platform that cannot nest) pass through with their ids.

    .PARAMETER VMId
    The VM's id.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and State. Error id: Matryoshka.VmNotFound.

    .EXAMPLE
    Start-NestedNode -VMId $id
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )
    $vm = Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId
    $changed = $false
    if ('Running', 'Starting' -notcontains $vm.State.ToString() -and $PSCmdlet.ShouldProcess($vm.Name, 'Start')) {
        Start-VM -VM $vm -Confirm:$false -ErrorAction Stop
        $changed = $true
        $vm = Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId
    }
    return [pscustomobject][ordered]@{ Changed = $changed; State = $vm.State.ToString() }
}
