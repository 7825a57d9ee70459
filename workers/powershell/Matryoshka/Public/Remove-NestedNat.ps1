function Remove-NestedNat {
    <#
    .SYNOPSIS
    Removes a lab's NAT network.

    .DESCRIPTION
    A NAT has no notes, so ownership is its name: only names that begin with 'mk-' are touched.

    .PARAMETER Name
    The NAT's name.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and Existed. Error id: Matryoshka.NotOwned.

    .EXAMPLE
    Remove-NestedNat -Name 'mk-lab'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name
    )
    if (-not $Name.StartsWith('mk-', [System.StringComparison]::OrdinalIgnoreCase)) {
        $message = "The NAT '$Name' is not of this service."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NotOwned' -Category PermissionDenied -Message $message -TargetObject $Name
    }
    $nat = Get-MkNat | Where-Object -FilterScript { $_.Name -eq $Name }
    $changed = $false
    if ($null -ne $nat -and $PSCmdlet.ShouldProcess($Name, 'Remove NAT')) {
        Remove-NetNat -Name $Name -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Existed = ($null -ne $nat) }
}
