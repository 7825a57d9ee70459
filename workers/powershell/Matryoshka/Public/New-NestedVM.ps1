function New-NestedVM {
    <#
    .SYNOPSIS
    Makes and starts a nested virtual machine: the proof that this node's hypervisor works.

    .DESCRIPTION
    Runs inside a node. A VM of this name and owner is taken and started. Without a parent disk it has no disk: it starts all the same,
    which is all that the proof needs. A refusal to start passes with Windows' own id; the VM stays, for Remove-NestedVM.

    .PARAMETER Name
    The VM's name.

    .PARAMETER Owner
    The lab's id, kept in the VM's notes.

    .PARAMETER MemoryMib
    Startup memory, in MiB.

    .PARAMETER ParentDiskPath
    The parent of its differencing disk; empty for no disk.

    .PARAMETER SwitchName
    The virtual switch of its adapter; empty for none.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedVM and Changed. Error ids: Matryoshka.NameTaken, Matryoshka.ParentNotFound.

    .EXAMPLE
    New-NestedVM -Name 'smoke' -Owner 'lab_1' -MemoryMib 64
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[A-Za-z0-9._ -]{1,64}\z')]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[A-Za-z0-9._-]{1,64}\z')]
        [string]$Owner,

        [ValidateRange(32, 12582912)]
        [long]$MemoryMib = 64,

        [string]$ParentDiskPath = '',

        [string]$SwitchName = ''
    )
    $base = Get-MkNestedVMFolder -Owner $Owner
    $found = Find-MkOwnVM -Name $Name -Owner $Owner -Path $base.Configuration
    if ($null -eq $found.Own -and $found.Taken) {
        $message = "A virtual machine '$Name' of somebody else exists."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NameTaken' -Category ResourceExists -Message $message -TargetObject $Name
    }
    if ($ParentDiskPath -ne '' -and -not (Test-MkFile -Path $ParentDiskPath)) {
        $message = "There is no parent disk '$ParentDiskPath'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'ParentNotFound' -Category ObjectNotFound -Message $message -TargetObject $ParentDiskPath
    }
    $vm = $found.Own
    $changed = $false
    if (($null -eq $vm -or $vm.State.ToString() -ne 'Running') -and $PSCmdlet.ShouldProcess($Name, 'New nested VM, started')) {
        if ($null -eq $vm) {
            $vm = New-MkNestedVM -Wanted @{ Name = $Name; Owner = $Owner; MemoryMib = $MemoryMib; ParentDiskPath = $ParentDiskPath; SwitchName = $SwitchName; Base = $base }
        }
        $settings = @{ Notes = (ConvertTo-MkNote -Owner $Owner -Node $Name) }
        if ((Test-MkParameter -Command 'Set-VM' -Parameter 'AutomaticCheckpointsEnabled') -and (Test-MkAutomaticCheckpoint -VM $vm)) {
            # A checkpoint at its start would leave a second disk file behind.
            $settings.AutomaticCheckpointsEnabled = $false
        }
        Set-VM -VM $vm @settings -Confirm:$false -ErrorAction Stop
        Start-VM -VM $vm -Confirm:$false -ErrorAction Stop
        $null = Wait-MkVMState -VMId $vm.Id -State 'Running'
        $changed = $true
        $vm = Get-MkVM -VMId $vm.Id
    }
    $record = ConvertTo-MkNestedVMRecord -Name $Name -VM $vm
    $record.Changed = $changed
    return [pscustomobject]$record
}
