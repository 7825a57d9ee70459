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
    $known = $null
    if ($Name -ne '') {
        $known = $Name
    }
    return [ordered]@{
        Exists                         = $false
        VMId                           = $id
        Name                           = $known
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
        CheckpointCount                = $null
        Heartbeat                      = $null
        UptimeSeconds                  = $null
    }
}
