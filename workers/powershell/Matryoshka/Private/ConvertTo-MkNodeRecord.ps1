function ConvertTo-MkNodeRecord {
    # The node record of the functions' page; VM may be $null.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [AllowNull()]
        [object]$VM,

        [AllowNull()]
        [object]$VMId = $null,

        [string]$Name = ''
    )
    $record = New-MkNodeRecord -VMId $VMId -Name $Name
    if ($null -eq $VM) {
        return $record
    }
    $processor = Get-VMProcessor -VM $VM -ErrorAction Stop
    $record.Exists = $true
    $record.VMId = $VM.Id.ToString()
    $record.Name = [string]$VM.Name
    $record.Owner = (ConvertFrom-MkNote -Note $VM.Notes).Owner
    $record.State = $VM.State.ToString()
    $record.Generation = [int]$VM.Generation
    $record.Version = [string]$VM.Version
    $record.ProcessorCount = [int]$processor.Count
    $record.MemoryStartupMib = [long]($VM.MemoryStartup / 1mb)
    $record.MemoryAssignedMib = [long]($VM.MemoryAssigned / 1mb)
    $record.DynamicMemoryEnabled = [bool]$VM.DynamicMemoryEnabled
    $record.ExposeVirtualizationExtensions = [bool]$processor.ExposeVirtualizationExtensions
    $record.AutomaticCheckpointsEnabled = Test-MkAutomaticCheckpoint -VM $VM
    $record.Adapters = @(Get-VMNetworkAdapter -VM $VM -ErrorAction Stop | ForEach-Object -Process { ConvertTo-MkAdapterRecord -Adapter $_ })
    $record.Disks = [string[]]@(Get-VMHardDiskDrive -VM $VM -ErrorAction Stop | ForEach-Object -Process { [string]$_.Path })
    $record.CheckpointCount = @(Get-VMSnapshot -VM $VM -ErrorAction Stop).Count
    if ($null -ne $VM.Heartbeat) {
        $record.Heartbeat = $VM.Heartbeat.ToString()
    }
    $record.UptimeSeconds = [long][System.Math]::Floor($VM.Uptime.TotalSeconds)
    return $record
}
