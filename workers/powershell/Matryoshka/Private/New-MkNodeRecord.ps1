function New-MkNodeRecord {
    # The node record of a VM that is not there.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [AllowNull()]
        [object]$VMId,

        [string]$Name = ''
    )
    $id = $null
    if ($null -ne $VMId) {
        $id = $VMId.ToString()
    }
    return [ordered]@{
        Exists                         = $false
        VMId                           = $id
        Name                           = $Name
        Owner                          = $null
        State                          = $null
        Generation                     = $null
        Version                        = $null
        ProcessorCount                 = $null
        MemoryStartupMib               = $null
        MemoryAssignedMib              = $null
        DynamicMemoryEnabled           = $null
        ExposeVirtualizationExtensions = $null
        AutomaticCheckpointsEnabled    = $null
        Adapters                       = @()
        Disks                          = [string[]]@()
        CheckpointCount                = 0
        Heartbeat                      = $null
        UptimeSeconds                  = $null
    }
}
