function Remove-NestedNode {
    <#
    .SYNOPSIS
    Turns a lab's node off and removes its virtual machine; its disks stay.

    .DESCRIPTION
    Only a VM whose notes name the owner is touched.

    .PARAMETER VMId
    The VM's id.

    .PARAMETER Owner
    The lab's id.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and Existed. Error id: Matryoshka.NotOwned.

    .EXAMPLE
    Remove-NestedNode -VMId $id -Owner 'lab_1'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Owner
    )
    $vm = Get-MkVM -VMId $VMId
    if ($null -eq $vm) {
        return [pscustomobject][ordered]@{ Changed = $false; Existed = $false }
    }
    if ((ConvertFrom-MkNote -Note $vm.Notes).Owner -ne $Owner) {
        $message = "The virtual machine '$($vm.Name)' is not of '$Owner'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NotOwned' -Category PermissionDenied -Message $message -TargetObject $VMId.ToString()
    }
    $changed = $false
    if ($PSCmdlet.ShouldProcess($vm.Name, 'Turn off and remove')) {
        Stop-MkVM -VM $vm
        Remove-VM -VM $vm -Force -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Existed = $true }
}
