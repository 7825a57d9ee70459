function Wait-NestedGuest {
    <#
    .SYNOPSIS
    Waits until a guest answers a session, has finished Windows Setup and (after a restart) is in another boot.

    .DESCRIPTION
    Reads only. A credential that is rejected in the first ten minutes of a VM's life counts as 'not ready yet': the
    Administrator's password comes into force only in the course of Windows Setup. After that it is an error at once, and tries
    are 15 s apart, so that no account is locked.

    .PARAMETER VMId
    The id of the VM on this machine (PowerShell Direct).

    .PARAMETER ComputerName
    The guest's name or address (WinRM).

    .PARAMETER Credential
    An administrator of the guest.

    .PARAMETER NotBootId
    The BootId of before a restart: wait until it differs. Empty takes any boot.

    .PARAMETER TimeoutSeconds
    How long to wait; 0 looks once.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Reached, Stage (no_session, session, setup_complete), ImageState, BootId and PendingReboot.
    Error ids: Matryoshka.GuestCredentialRejected, Matryoshka.VmNotFound.

    .EXAMPLE
    Wait-NestedGuest -VMId $id -Credential $administrator -NotBootId $before -TimeoutSeconds 60
    #>
    [CmdletBinding(DefaultParameterSetName = 'VM')]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'VM')]
        [guid]$VMId,

        [Parameter(Mandatory = $true, ParameterSetName = 'WinRM')]
        [ValidateNotNullOrEmpty()]
        [string]$ComputerName,

        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCredential]$Credential,

        [AllowEmptyString()]
        [string]$NotBootId = '',

        [ValidateRange(0, 3600)]
        [int]$TimeoutSeconds = 30
    )
    $target = Get-MkGuestTarget -VMId $VMId -ComputerName $ComputerName -Credential $Credential
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $young = $false
        if ($PSCmdlet.ParameterSetName -eq 'VM') {
            $young = (Get-MkVMOrStop -Cmdlet $PSCmdlet -VMId $VMId).Uptime.TotalMinutes -lt 10
        }
        $seen = Get-MkGuestStage -Cmdlet $PSCmdlet -Target $target -Young $young
        $seen.Reached = $seen.Stage -eq 'setup_complete' -and $seen.BootId -ne $NotBootId
        $left = $TimeoutSeconds - $watch.Elapsed.TotalSeconds
        if ($seen.Reached -or $left -le $seen.PauseSeconds) {
            return [pscustomobject][ordered]@{ Reached = $seen.Reached; Stage = $seen.Stage; ImageState = $seen.ImageState; BootId = $seen.BootId; PendingReboot = $seen.PendingReboot }
        }
        Write-Progress -Activity 'Waiting for the guest' -Status $seen.Stage -SecondsRemaining ([int]$left)
        Start-Sleep -Seconds $seen.PauseSeconds
    }
}
