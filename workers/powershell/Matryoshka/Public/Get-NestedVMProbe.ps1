function Get-NestedVMProbe {
    <#
    .SYNOPSIS
    Reads the processor inside a nested virtual machine, or at least that the machine runs.

    .DESCRIPTION
    Runs inside a node. With a credential it asks the guest over PowerShell Direct, for up to five minutes while it starts. Without one
    (or without an operating system inside) the VM's state is the answer, and Reason says why there is no probe.

    .PARAMETER VMId
    The VM's id.

    .PARAMETER Credential
    An administrator of the guest.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with VMId, State, Running, ProbeSource (guest, vm_state), Probe (the record of Get-NestedCpuProbe or $null)
    and Reason.

    .EXAMPLE
    Get-NestedVMProbe -VMId $id -Credential $administrator
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [AllowNull()]
        [System.Management.Automation.PSCredential]$Credential = $null
    )
    $vm = Get-MkVM -VMId $VMId
    $answer = [ordered]@{ VMId = $VMId.ToString(); State = $null; Running = $false; ProbeSource = 'vm_state'; Probe = $null; Reason = 'there is no such virtual machine' }
    if ($null -eq $vm) {
        return [pscustomobject]$answer
    }
    $answer.State = $vm.State.ToString()
    $answer.Running = $answer.State -eq 'Running'
    $answer.Reason = 'no guest credential was given'
    if (-not $answer.Running) {
        $answer.Reason = 'it does not run'
    }
    elseif ($null -ne $Credential) {
        $probe = Wait-MkGuestProbe -Cmdlet $PSCmdlet -Target (Get-MkGuestTarget -VMId $VMId -Credential $Credential)
        $answer.Probe = $probe.Probe
        $answer.Reason = $probe.Reason
        if ($null -ne $probe.Probe) {
            $answer.ProbeSource = 'guest'
        }
    }
    return [pscustomobject]$answer
}
