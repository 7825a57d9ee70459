function Test-MkAutomaticCheckpoint {
    # Whether a VM takes automatic checkpoints; a Windows that does not know them takes none.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VM
    )
    $property = $VM.PSObject.Properties['AutomaticCheckpointsEnabled']
    return ($null -ne $property -and [bool]$property.Value)
}
