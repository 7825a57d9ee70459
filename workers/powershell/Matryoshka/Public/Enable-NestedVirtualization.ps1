function Enable-NestedVirtualization {
    <#
    .SYNOPSIS
    Prepares a virtual machine to run Hyper-V itself: the host's side of nested virtualization.

    .DESCRIPTION
    Static memory, exposed virtualization extensions, no automatic checkpoints, MAC address spoofing on each connected adapter. Each
    setting is compared by itself, changed only if it differs, and read back. The VM must be off and not saved; one that has
    everything already may be in any state. Nothing is changed unless everything can be: host, version, memory and state are
    checked first. Existing checkpoints are reported as a warning: applying one brings its old settings back.

    With -WhatIf, After and Changed of each setting say what would be.

    .PARAMETER VMId
    The VM's id.

    .PARAMETER MemoryMib
    The startup memory to set, in MiB; 0 keeps what the VM has.

    .PARAMETER AllowSmallMemory
    Accept less than 4096 MiB, in which nested virtual machines may not start.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, VMId, Name and Settings (Setting, Before, After, Changed; values are strings).
    Error ids: Matryoshka.VmNotFound, Matryoshka.VmNotOff, Matryoshka.VmSaved, Matryoshka.MemoryTooSmall, Matryoshka.VmVersionTooLow,
    Matryoshka.HostCannotNest, Matryoshka.NotConverged.

    .EXAMPLE
    Enable-NestedVirtualization -VMId (Get-VM -Name 'nest-1').Id -MemoryMib 8192 -WhatIf
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [ValidateRange(0, 12582912)]
        [long]$MemoryMib = 0,

        [switch]$AllowSmallMemory
    )
    $vm = Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId
    Assert-MkNestingPossible -Cmdlet $PSCmdlet -VM $vm
    $before = Get-MkNestingState -VM $vm
    $wanted = Get-MkNestingGoal -Present $before -MemoryMib $MemoryMib
    if ([long]$wanted.MemoryStartupMib -lt 4096 -and -not $AllowSmallMemory) {
        $message = "'$($vm.Name)' would have $($wanted.MemoryStartupMib) MiB; a node needs 4096."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'MemoryTooSmall' -Category InvalidArgument -Message $message -TargetObject $VMId.ToString()
    }
    $checkpoints = @(Get-VMSnapshot -VM $vm -ErrorAction Stop).Count
    if ($checkpoints -gt 0) {
        Write-Warning -Message "'$($vm.Name)' has $checkpoints checkpoint(s); applying one brings back the settings that it was taken with."
    }
    $rows = @(ConvertTo-MkSettingRow -Before $before -After $wanted)
    $changed = $false
    if (@($rows | Where-Object -FilterScript { $_.Changed }).Count -gt 0) {
        Assert-MkVMOff -Cmdlet $PSCmdlet -VM $vm -SavedId 'VmSaved'
        if ($PSCmdlet.ShouldProcess($vm.Name, 'Enable nested virtualization')) {
            Set-MkNestingState -VM $vm -Present $before -Wanted $wanted
            $rows = @(ConvertTo-MkSettingRow -Before $before -After (Get-MkNestingState -VM (Get-MkVM -VMId $VMId)))
            $changed = $true
            Assert-MkConverged -Cmdlet $PSCmdlet -Row $rows -Wanted $wanted -Name $vm.Name
        }
    }
    return [pscustomobject][ordered]@{ Changed = $changed; VMId = $VMId.ToString(); Name = [string]$vm.Name; Settings = $rows }
}
