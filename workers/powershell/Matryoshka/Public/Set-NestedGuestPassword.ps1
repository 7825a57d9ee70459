function Set-NestedGuestPassword {
    <#
    .SYNOPSIS
    Gives a local account of this machine another password.

    .DESCRIPTION
    Runs inside a node. Windows does not tell a password, so each call sets it and says Changed. Sessions that are open go on; the next
    one needs the new password.

    .PARAMETER UserName
    The local account.

    .PARAMETER Password
    Its new password.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and UserName. Windows' own error ids pass: UserNotFound, InvalidPassword.

    .EXAMPLE
    Set-NestedGuestPassword -UserName 'Administrator' -Password $password
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$UserName,

        [Parameter(Mandatory = $true)]
        [securestring]$Password
    )
    $changed = $false
    if ($PSCmdlet.ShouldProcess($UserName, 'Set password')) {
        Set-LocalUser -Name $UserName -Password $Password -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; UserName = $UserName }
}
