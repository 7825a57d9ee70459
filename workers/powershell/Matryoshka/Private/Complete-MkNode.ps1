function Complete-MkNode {
    # Brings a node's VM to what was asked, setting by setting; whether one had to be changed. Settings that need the VM off are
    # left alone while it runs (an adopted node may).
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM,

        [Parameter(Mandatory = $true)]
        [hashtable]$Node
    )
    $changed = $false
    if ((ConvertFrom-MkNote -Note $VM.Notes).Owner -ne $Node.Owner) {
        $arguments = @{
            Notes          = ConvertTo-MkNote -Owner $Node.Owner -Node $Node.Name
            CheckpointType = 'Production'
        }
        if ($VM.State.ToString() -eq 'Off') {
            $arguments.AutomaticStopAction = 'ShutDown'
            $arguments.AutomaticStartAction = 'StartIfRunning'
        }
        if (Test-MkParameter -Command 'Set-VM' -Parameter 'AutomaticCheckpointsEnabled') {
            $arguments.AutomaticCheckpointsEnabled = $false
        }
        Set-VM -VM $VM @arguments -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    $bytes = $Node.MemoryMib * 1mb
    $right = $VM.ProcessorCount -eq $Node.ProcessorCount -and -not $VM.DynamicMemoryEnabled -and $VM.MemoryStartup -eq $bytes
    if ($VM.State.ToString() -eq 'Off' -and -not $right) {
        Set-VM -VM $VM -ProcessorCount $Node.ProcessorCount -StaticMemory -MemoryStartupBytes $bytes -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    $attached = @(Get-VMHardDiskDrive -VM $VM -ErrorAction Stop | ForEach-Object -Process { [string]$_.Path })
    foreach ($path in $Node.DataDiskPath) {
        if (@($attached | Where-Object -FilterScript { Test-MkSamePath -First $_ -Second $path }).Count -eq 0) {
            Add-VMHardDiskDrive -VM $VM -ControllerType 'SCSI' -Path $path -Confirm:$false -ErrorAction Stop
            $changed = $true
        }
    }
    return (Complete-MkNodeAdapter -VM $VM -SwitchName $Node.SwitchName) -or $changed
}
