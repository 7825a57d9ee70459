function ConvertTo-MkVMSummary {
    # A virtual machine in a host report.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )
    return [pscustomobject][ordered]@{
        Name              = [string]$VM.Name
        VMId              = $VM.Id.ToString()
        State             = $VM.State.ToString()
        MemoryAssignedMib = [long]($VM.MemoryAssigned / 1mb)
        Version           = [string]$VM.Version
        Owner             = (ConvertFrom-MkNote -Note $VM.Notes).Owner
    }
}
