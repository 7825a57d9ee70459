function Invoke-NestedGuestCall {
    <#
    .SYNOPSIS
    Calls Invoke-NestedCall inside a virtual machine, and relays its answer and streams.

    .DESCRIPTION
    Reaches the guest over PowerShell Direct (VMId) or WinRM (ComputerName). The journal of a guest's change is in the guest.
    The module goes into the guest with the disk's seed or, where the guest lacks it, over this session; its hash is checked
    in the guest before anything of it runs. The script that runs in the guest is a constant.

    .PARAMETER Name
    The function to run in the guest.

    .PARAMETER Parameters
    The function's parameters by name.

    .PARAMETER CallId
    '<scope>#<n>'; empty for a call without a journal.

    .PARAMETER Fence
    The caller's fencing number.

    .PARAMETER WaitSeconds
    How long the guest waits for the same call while another process runs it.

    .PARAMETER VMId
    The id of the VM on this machine (PowerShell Direct).

    .PARAMETER ComputerName
    The guest's name or address (WinRM).

    .PARAMETER Credential
    An administrator of the guest.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the call record of Invoke-NestedCall. Error ids: Matryoshka.GuestCredentialRejected,
    Matryoshka.GuestNotReady, Matryoshka.GuestModuleRefused; those of the guest's Invoke-NestedCall and Windows' InvalidVMState,
    InvalidVMIdNotSingle pass through.

    .EXAMPLE
    Invoke-NestedGuestCall -VMId $id -Credential $administrator -Name 'Get-NestedCpuProbe'
    #>
    [CmdletBinding(DefaultParameterSetName = 'VM')]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [ValidateNotNull()]
        [hashtable]$Parameters = @{},

        [ValidatePattern('\A\z|\A[A-Za-z0-9._-]{1,150}#[0-9]{1,9}\z')]
        [string]$CallId = '',

        [ValidateRange(0, [long]::MaxValue)]
        [long]$Fence = 0,

        [ValidateRange(0, [int]::MaxValue)]
        [int]$WaitSeconds = 3600,

        [Parameter(Mandatory = $true, ParameterSetName = 'VM')]
        [guid]$VMId,

        [Parameter(Mandatory = $true, ParameterSetName = 'WinRM')]
        [ValidateNotNullOrEmpty()]
        [string]$ComputerName,

        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCredential]$Credential
    )
    $guest = $ComputerName
    if ($PSCmdlet.ParameterSetName -eq 'VM') {
        $guest = $VMId.ToString()
    }
    $target = Get-MkGuestTarget -VMId $VMId -ComputerName $ComputerName -Credential $Credential
    $call = @{ Name = $Name; Parameters = $Parameters; CallId = $CallId; Fence = $Fence; WaitSeconds = $WaitSeconds }
    try {
        $answer = Invoke-MkGuest -Cmdlet $PSCmdlet -Target $target -Call $call
    }
    catch {
        Stop-MkGuestCall -Cmdlet $PSCmdlet -ErrorRecord $_ -Guest $guest
    }
    return ConvertTo-MkCallRecord -Call @{ CallId = $CallId; Name = [string]$answer.Name } -Outcome $answer -Replayed ([bool]$answer.Replayed)
}
