function Remove-NestedSwitch {
    <#
    .SYNOPSIS
    Removes a lab's virtual switch.

    .DESCRIPTION
    Only a switch whose notes name the owner is touched. A switch that virtual machines still use is refused by Windows.

    .PARAMETER Name
    The switch's name.

    .PARAMETER Owner
    The lab's id.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and Existed. Error id: Matryoshka.NotOwned.

    .EXAMPLE
    Remove-NestedSwitch -Name 'mk-lab' -Owner 'lab_1'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Owner
    )
    $vmSwitch = Get-MkSwitch -Name $Name -Owner $Owner
    if ($null -eq $vmSwitch) {
        return [pscustomobject][ordered]@{ Changed = $false; Existed = $false }
    }
    if ((ConvertFrom-MkNote -Note $vmSwitch.Notes).Owner -ne $Owner) {
        $message = "The switch '$Name' is not of '$Owner'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NotOwned' -Category PermissionDenied -Message $message -TargetObject $Name
    }
    $changed = $false
    if ($PSCmdlet.ShouldProcess($Name, 'Remove switch')) {
        Remove-VMSwitch -VMSwitch $vmSwitch -Force -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Existed = $true }
}
