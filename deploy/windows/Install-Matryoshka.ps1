#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Prepares a Windows host for Matryoshka: installs its module and, if asked, an endpoint for it (JEA), an HTTPS listener of WinRM,
a firewall rule and quotas.

.DESCRIPTION
Nothing of this is needed for a host that workers reach with an administrator's account over an endpoint that exists: they bring the
module with them. -Endpoint makes the smaller account possible: an endpoint 'Matryoshka' in which the members of one group may call
the module's functions by name and nothing else; they need not be administrators. -HttpsListener makes the transport that we
recommend: HTTPS with a certificate that the workers check.

Safe to repeat: each setting is compared and changed only if it differs. -WhatIf shows what would be done. Quotas are only raised.

WinRM learns of a new or changed endpoint when its service starts, and a restart of it cuts every remote session of the host: a call
that a worker runs there dies in the middle, and its step begins again. So this script never restarts WinRM by itself: it says that
a restart is needed, and a restart of the machine will do. -RestartWinRM restarts it as the last thing, unless a journaled call runs
on this host. It does not see calls inside guests: restart when no job builds on the host.

-Uninstall removes what this script made: endpoint, group, module, firewall rule, and the listener and certificate if the certificate
is ours. An endpoint or a group of the same name that it did not make stays, as do raised quotas and the journal in
ProgramData\Matryoshka: it is what a repeated call is compared with.

.PARAMETER Source
The folder Matryoshka with the module; next to this script's repository by default.

.PARAMETER Endpoint
Register the endpoint 'Matryoshka'; give the workers this name as the host's configuration_name.

.PARAMETER OperatorGroup
Who may open the endpoint: a local group, made if it is not there; or 'DOMAIN\group', which must exist and is not changed.

.PARAMETER Member
Accounts to put into the local group: 'name', 'DOMAIN\name' or a SID. Members that are there already stay.

.PARAMETER RestartWinRM
Restart WinRM at the end if the endpoint changed now or in an earlier run. Without it a row says that a restart is needed.

.PARAMETER HttpsListener
Make the HTTPS listener on port 5986 and open it in the firewall.

.PARAMETER CertificateThumbprint
A certificate in LocalMachine\My for the listener; empty makes a self-signed one (or takes the one that was made before).

.PARAMETER HostName
Names and addresses of this host for a self-signed certificate; the workers must use one of them.

.PARAMETER CertificateFile
Where to write the listener's certificate as PEM, for the host's ca_pem; empty writes none.

.PARAMETER RemoteAddress
Who may reach port 5986: addresses or subnets as New-NetFirewallRule takes them. Without it a rule that is there stays as it is.

.PARAMETER MaxShellsPerUser
The lowest number of shells a user that WinRM must allow, and the endpoint; 0 leaves it.

.PARAMETER MaxMemoryPerShellMB
The lowest memory of a shell that WinRM must allow, and the endpoint, in MB; 0 leaves it.

.PARAMETER Uninstall
Remove instead of install.

.OUTPUTS
System.Management.Automation.PSCustomObject: one row a setting, with What, Value and Changed. Error id: Matryoshka.EndpointForeign.

.EXAMPLE
.\Install-Matryoshka.ps1 -HttpsListener -HostName 'hv1.example.com' -CertificateFile '.\hv1.pem' -WhatIf

.EXAMPLE
.\Install-Matryoshka.ps1 -Endpoint -Member 'EXAMPLE\svc-matryoshka' -HttpsListener -CertificateFile '.\hv1.pem' -RestartWinRM
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string]$Source = '',

    [switch]$Endpoint,

    [ValidateNotNullOrEmpty()]
    [string]$OperatorGroup = 'Matryoshka Operators',

    [string[]]$Member = @(),

    [switch]$RestartWinRM,

    [switch]$HttpsListener,

    [string]$CertificateThumbprint = '',

    [string[]]$HostName = @([System.Net.Dns]::GetHostName()),

    [string]$CertificateFile = '',

    [string[]]$RemoteAddress = @('LocalSubnet'),

    [ValidateRange(0, 2147483647)]
    [int]$MaxShellsPerUser = 0,

    [ValidateRange(0, 2147483647)]
    [int]$MaxMemoryPerShellMB = 0,

    [switch]$Uninstall
)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$here = $PSScriptRoot
$addressGiven = $PSBoundParameters.ContainsKey('RemoteAddress')
$ruleName = 'Matryoshka-WinRM-HTTPS-In'
$certificateName = 'Matryoshka WinRM'
$store = 'Cert:\LocalMachine\My'
$listener = @{ Address = '*'; Transport = 'HTTPS' }

function Write-Row {
    # One row of the script's answer.
    param([string]$What, [object]$Value, [bool]$Changed)

    [pscustomobject][ordered]@{ What = $What; Value = $Value; Changed = $Changed }
}

function Stop-Install {
    # Ends the script with an error of our own.
    param([string]$Id, [string]$Category, [string]$Message, [object]$TargetObject)

    $exception = New-Object -TypeName 'System.InvalidOperationException' -ArgumentList $Message
    $record = New-Object -TypeName 'System.Management.Automation.ErrorRecord' -ArgumentList $exception, "Matryoshka.$Id", $Category, $TargetObject
    $PSCmdlet.ThrowTerminatingError($record)
}

foreach ($part in 'Module', 'Operator', 'Endpoint', 'Restart', 'Listener', 'Quota') {
    . ([System.IO.Path]::Combine($here, 'parts', "$part.ps1"))
}

if ($Uninstall) {
    Remove-Endpoint
    Remove-OperatorGroup
    Remove-ModuleFile
    Remove-OwnListener
    return
}
if ($Endpoint) {
    Assert-EndpointFree
}
Install-ModuleFile
if ($Endpoint) {
    Install-RoleFile
    Set-OperatorGroup
    Set-Endpoint
}
if ($HttpsListener) {
    Set-HttpsListener
    Set-OwnRule
}
Set-Quota -Name 'MaxShellsPerUser' -Lowest $MaxShellsPerUser
Set-Quota -Name 'MaxMemoryPerShellMB' -Lowest $MaxMemoryPerShellMB
if ($Endpoint) {
    Complete-Restart
}
