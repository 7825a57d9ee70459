function Disable-NestedVirtualization {
    <#
    .SYNOPSIS
    Takes a virtual machine back to its settings of before Enable-NestedVirtualization.

    .DESCRIPTION
    Given that function's Settings, each goes back to its Before value; settings of adapters that are gone are left out. Without
    Settings the extensions and MAC address spoofing are switched off. The VM must be off if something has to change.

    .PARAMETER VMId
    The VM's id.

    .PARAMETER Settings
    Objects or tables with Setting and Before.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, VMId, Name and Settings (Setting, Before, After, Changed). Error ids:
    Matryoshka.VmNotFound, Matryoshka.VmNotOff.

    .EXAMPLE
    Disable-NestedVirtualization -VMId $id -Settings $enabled.Settings
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [AllowEmptyCollection()]
        [object[]]$Settings = @()
    )
    $vm = Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId
    $before = Get-MkNestingState -VM $vm
    $wanted = Get-MkFormerGoal -Present $before -Settings $Settings
    $rows = @(ConvertTo-MkSettingRow -Before $before -After $wanted)
    $changed = $false
    if (@($rows | Where-Object -FilterScript { $_.Changed }).Count -gt 0) {
        Assert-MkVMOff -Cmdlet $PSCmdlet -VM $vm
        if ($PSCmdlet.ShouldProcess($vm.Name, 'Disable nested virtualization')) {
            Set-MkNestingState -VM $vm -Present $before -Wanted $wanted
            $rows = @(ConvertTo-MkSettingRow -Before $before -After (Get-MkNestingState -VM (Get-MkVM -VMId $VMId)))
            $changed = $true
        }
    }
    return [pscustomobject][ordered]@{ Changed = $changed; VMId = $VMId.ToString(); Name = [string]$vm.Name; Settings = $rows }
}
