function ConvertTo-MkNestedVMRecord {
    # The nested VM record of the functions' page; VM may be $null.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [AllowNull()]
        [object]$VM
    )
    $record = [ordered]@{ Exists = $false; VMId = $null; Name = $Name; Owner = $null; State = $null; UptimeSeconds = $null; MemoryAssignedMib = $null }
    if ($null -eq $VM) {
        return $record
    }
    $record.Exists = $true
    $record.VMId = $VM.Id.ToString()
    $record.Owner = (ConvertFrom-MkNote -Note $VM.Notes).Owner
    $record.State = $VM.State.ToString()
    $record.UptimeSeconds = [long][System.Math]::Floor($VM.Uptime.TotalSeconds)
    $record.MemoryAssignedMib = [long]($VM.MemoryAssigned / 1mb)
    return $record
}
