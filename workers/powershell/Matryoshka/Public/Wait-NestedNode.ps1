function Wait-NestedNode {
    <#
    .SYNOPSIS
    Waits until a node runs, its guest beats, or it is off.

    .DESCRIPTION
    Reads only. Ends when the stage is reached or the time is over; the answer says which.

    .PARAMETER VMId
    The VM's id.

    .PARAMETER Stage
    Running, Heartbeat (the guest's services answer) or Off.

    .PARAMETER TimeoutSeconds
    How long to wait; 0 looks once.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Reached, State and Heartbeat. Error id: Matryoshka.VmNotFound.

    .EXAMPLE
    Wait-NestedNode -VMId $id -Stage Heartbeat -TimeoutSeconds 60
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [ValidateSet('Running', 'Heartbeat', 'Off')]
        [string]$Stage,

        [ValidateRange(0, 3600)]
        [int]$TimeoutSeconds = 30
    )
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $vm = Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId
        $state = $vm.State.ToString()
        $heartbeat = $null
        if ($null -ne $vm.Heartbeat) {
            $heartbeat = $vm.Heartbeat.ToString()
        }
        $reached = $state -eq $Stage
        if ($Stage -eq 'Heartbeat') {
            $reached = $heartbeat -like 'OkApplications*'
        }
        if ($reached -or $watch.Elapsed.TotalSeconds -ge $TimeoutSeconds) {
            return [pscustomobject][ordered]@{ Reached = $reached; State = $state; Heartbeat = $heartbeat }
        }
        Write-Progress -Activity "Waiting for $Stage" -Status "$state $heartbeat" -SecondsRemaining ([int]($TimeoutSeconds - $watch.Elapsed.TotalSeconds))
        Start-Sleep -Seconds 1
    }
}
