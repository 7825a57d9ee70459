function Add-NestedDomainMember {
    <#
    .SYNOPSIS
    Joins this machine to a domain.

    .DESCRIPTION
    Runs inside a node. A member of that domain is left alone. The restart that a join needs is the caller's.

    .PARAMETER Domain
    The domain's DNS name.

    .PARAMETER Credential
    An account that may join machines.

    .PARAMETER OrganizationalUnit
    The distinguished name of the OU for the computer's account; empty for the domain's default.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, Domain and RestartNeeded.

    .EXAMPLE
    Add-NestedDomainMember -Domain 'lab.example' -Credential $join
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Domain,

        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCredential]$Credential,

        [AllowEmptyString()]
        [string]$OrganizationalUnit = ''
    )
    $computer = Get-CimInstance -ClassName 'Win32_ComputerSystem' -ErrorAction Stop
    if ($computer.PartOfDomain -and $computer.Domain -eq $Domain) {
        return [pscustomobject][ordered]@{ Changed = $false; Domain = $Domain; RestartNeeded = (@(Get-MkPendingReboot) -contains 'domain_join') }
    }
    $changed = $false
    if ($PSCmdlet.ShouldProcess([System.Environment]::MachineName, "Join $Domain")) {
        $arguments = @{ DomainName = $Domain; Credential = $Credential }
        if ($OrganizationalUnit -ne '') {
            $arguments.OUPath = $OrganizationalUnit
        }
        Write-Progress -Activity 'Joining a domain' -Status $Domain
        Add-Computer @arguments -Force -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Domain = $Domain; RestartNeeded = $changed }
}
