#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Prepares a Windows host for Matryoshka: installs its module and, if asked, an HTTPS endpoint of WinRM, a firewall rule and quotas.

.DESCRIPTION
Nothing of this is needed for a host that workers reach with an administrator's account over an endpoint that exists: they bring the
module with them. It is needed where the module must be in place before (endpoints without a language mode), and it makes the
transport that we recommend: HTTPS with a certificate that the workers check.

Safe to repeat: each setting is compared and changed only if it differs. -WhatIf shows what would be done. Quotas are only raised.
-Uninstall removes what this script made: module, firewall rule, and the listener and certificate if the certificate is ours. The
journal in ProgramData\Matryoshka stays: it is what a repeated call is compared with.

.PARAMETER Source
The folder Matryoshka with the module; next to this script's repository by default.

.PARAMETER HttpsListener
Make the HTTPS listener on port 5986 and open it in the firewall.

.PARAMETER CertificateThumbprint
A certificate in LocalMachine\My for the listener; empty makes a self-signed one (or takes the one that was made before).

.PARAMETER HostName
Names and addresses of this host for a self-signed certificate; the workers must use one of them.

.PARAMETER CertificateFile
Where to write the listener's certificate as PEM, for the host's ca_pem; empty writes none.

.PARAMETER RemoteAddress
Who may reach port 5986: addresses or subnets as New-NetFirewallRule takes them.

.PARAMETER MaxShellsPerUser
The lowest number of shells a user that WinRM must allow; 0 leaves it.

.PARAMETER MaxMemoryPerShellMB
The lowest memory of a shell that WinRM must allow, in MB; 0 leaves it.

.PARAMETER Uninstall
Remove instead of install.

.OUTPUTS
System.Management.Automation.PSCustomObject: one row a setting, with What, Value and Changed.

.EXAMPLE
.\Install-Matryoshka.ps1 -HttpsListener -HostName 'hv1.example.com' -CertificateFile '.\hv1.pem' -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string]$Source = '',

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

$ruleName = 'Matryoshka-WinRM-HTTPS-In'
$certificateName = 'Matryoshka WinRM'
$store = 'Cert:\LocalMachine\My'
$listener = @{ Address = '*'; Transport = 'HTTPS' }

function Write-Row {
    # One row of the script's answer.
    param([string]$What, [object]$Value, [bool]$Changed)

    [pscustomobject][ordered]@{ What = $What; Value = $Value; Changed = $Changed }
}

function Get-ModuleFolder {
    # Where modules of all users live, for Windows PowerShell 5.1.
    return [System.IO.Path]::Combine($env:ProgramFiles, 'WindowsPowerShell', 'Modules', 'Matryoshka')
}

function Get-FileTable {
    # The files of a module folder, by relative path, with their hashes.
    param([string]$Folder)

    $table = @{}
    if (-not [System.IO.Directory]::Exists($Folder)) {
        return $table
    }
    foreach ($path in [System.IO.Directory]::GetFiles($Folder, '*.ps*1', [System.IO.SearchOption]::AllDirectories)) {
        $table[$path.Substring($Folder.Length).TrimStart('\', '/')] = (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash
    }
    return $table
}

function Install-ModuleFile {
    # Copies the module into a folder of its version, if it is not there so already.
    $from = $Source
    if ($from -eq '') {
        $from = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'workers', 'powershell', 'Matryoshka'))
    }
    $version = [string](Import-PowerShellDataFile -Path ([System.IO.Path]::Combine($from, 'Matryoshka.psd1'))).ModuleVersion
    $to = [System.IO.Path]::Combine((Get-ModuleFolder), $version)
    $wanted = Get-FileTable -Folder $from
    $present = Get-FileTable -Folder $to
    $different = @($wanted.Keys | Where-Object -FilterScript { $present[$_] -ne $wanted[$_] })
    $extra = @($present.Keys | Where-Object -FilterScript { -not $wanted.ContainsKey($_) })
    $changed = $false
    if ($different.Count + $extra.Count -gt 0 -and $PSCmdlet.ShouldProcess($to, 'Install module')) {
        foreach ($name in $different) {
            $target = [System.IO.Path]::Combine($to, $name)
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($target))
            [System.IO.File]::Copy([System.IO.Path]::Combine($from, $name), $target, $true)
        }
        foreach ($name in $extra) {
            [System.IO.File]::Delete([System.IO.Path]::Combine($to, $name))
        }
        $changed = $true
    }
    Write-Row -What 'Module' -Value $to -Changed $changed
}

function Get-OwnCertificate {
    # The self-signed certificate that this script made and that lasts a month or more; $null when there is none.
    foreach ($certificate in @(Get-ChildItem -LiteralPath $store)) {
        if ($certificate.FriendlyName -eq $certificateName -and $certificate.NotAfter -gt [datetime]::Now.AddDays(30)) {
            return $certificate
        }
    }
    return $null
}

function New-OwnCertificate {
    # A self-signed server certificate with names and addresses as subject alternative names.
    $address = $null
    $kinds = @{ $true = 'IPAddress'; $false = 'DNS' }
    $names = @($HostName | ForEach-Object -Process { '{0}={1}' -f $kinds[[System.Net.IPAddress]::TryParse($_, [ref]$address)], $_ })
    $arguments = @{
        Subject           = 'CN={0}' -f $HostName[0]
        TextExtension     = @(('2.5.29.17={{text}}{0}' -f ($names -join '&')), '2.5.29.37={text}1.3.6.1.5.5.7.3.1')
        CertStoreLocation = $store
        FriendlyName      = $certificateName
        NotAfter          = [datetime]::Now.AddYears(2)
    }
    return New-SelfSignedCertificate @arguments
}

function Get-ListenerCertificate {
    # The certificate for the listener: the given one, ours, or a new one; $null when one would have to be made under -WhatIf.
    if ($CertificateThumbprint -ne '') {
        return Get-Item -LiteralPath "$store\$CertificateThumbprint"
    }
    $own = Get-OwnCertificate
    if ($null -eq $own -and $PSCmdlet.ShouldProcess($HostName -join ', ', 'New self-signed certificate')) {
        return New-OwnCertificate
    }
    return $own
}

function Get-HttpsListener {
    # The HTTPS listener, $null when there is none.
    foreach ($found in @(Get-WSManInstance -ResourceURI 'winrm/config/Listener' -Enumerate)) {
        if ($found.Transport -eq 'HTTPS') {
            return $found
        }
    }
    return $null
}

function Set-HttpsListener {
    # Makes the listener, or gives it the certificate, and writes the certificate for the workers.
    $certificate = Get-ListenerCertificate
    $present = Get-HttpsListener
    $changed = $false
    $thumbprint = ''
    if ($null -ne $certificate) {
        $thumbprint = $certificate.Thumbprint
        $values = @{ CertificateThumbprint = $thumbprint; Hostname = $HostName[0] }
        if ($null -eq $present -and $PSCmdlet.ShouldProcess('5986', 'New HTTPS listener')) {
            $null = New-WSManInstance -ResourceURI 'winrm/config/Listener' -SelectorSet $listener -ValueSet $values
            $changed = $true
        }
        elseif ($null -ne $present -and $present.CertificateThumbprint -ne $thumbprint -and $PSCmdlet.ShouldProcess('5986', 'Set certificate')) {
            $null = Set-WSManInstance -ResourceURI 'winrm/config/Listener' -SelectorSet $listener -ValueSet $values
            $changed = $true
        }
        Write-CertificateFile -Certificate $certificate
    }
    Write-Row -What 'Listener' -Value $thumbprint -Changed $changed
}

function Write-CertificateFile {
    # The certificate (not its key) as PEM.
    param([object]$Certificate)

    if ($CertificateFile -eq '' -or -not $PSCmdlet.ShouldProcess($CertificateFile, 'Write certificate')) {
        return
    }
    $text = [System.Convert]::ToBase64String($Certificate.RawData, [System.Base64FormattingOptions]::InsertLineBreaks)
    $path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($CertificateFile)
    [System.IO.File]::WriteAllText($path, "-----BEGIN CERTIFICATE-----`n$text`n-----END CERTIFICATE-----`n")
}

function Get-OwnRule {
    # Our firewall rule, $null when it is not there. By listing: an absent name is an error.
    foreach ($rule in @(Get-NetFirewallRule -All -ErrorAction Stop)) {
        if ($rule.Name -eq $ruleName) {
            return $rule
        }
    }
    return $null
}

function Set-OwnRule {
    # Lets the workers reach port 5986.
    $changed = $false
    if ($null -eq (Get-OwnRule) -and $PSCmdlet.ShouldProcess($ruleName, 'New firewall rule')) {
        $arguments = @{ Name = $ruleName; DisplayName = 'Matryoshka: WinRM over HTTPS'; Direction = 'Inbound'; Action = 'Allow'; Protocol = 'TCP'; LocalPort = '5986'; RemoteAddress = $RemoteAddress }
        $null = New-NetFirewallRule @arguments -ErrorAction Stop
        $changed = $true
    }
    Write-Row -What 'FirewallRule' -Value $ruleName -Changed $changed
}

function Set-Quota {
    # Raises a limit of WinRM's shells, if it is lower.
    param([string]$Name, [int]$Lowest)

    if ($Lowest -eq 0) {
        return
    }
    $present = [long](Get-WSManInstance -ResourceURI 'winrm/config/winrs').$Name
    $changed = $false
    if ($present -lt $Lowest -and $PSCmdlet.ShouldProcess($Name, "Raise from $present to $Lowest")) {
        $null = Set-WSManInstance -ResourceURI 'winrm/config/winrs' -ValueSet @{ $Name = [string]$Lowest }
        $present = $Lowest
        $changed = $true
    }
    Write-Row -What $Name -Value $present -Changed $changed
}

function Remove-ModuleFile {
    # Removes the module, every version.
    $folder = Get-ModuleFolder
    $changed = $false
    if ([System.IO.Directory]::Exists($folder) -and $PSCmdlet.ShouldProcess($folder, 'Remove module')) {
        [System.IO.Directory]::Delete($folder, $true)
        $changed = $true
    }
    Write-Row -What 'Module' -Value $folder -Changed $changed
}

function Remove-OwnListener {
    # Removes the listener if it uses our certificate, then the certificate and the firewall rule.
    $own = Get-OwnCertificate
    $present = Get-HttpsListener
    $changed = $false
    if ($null -ne $own) {
        $ours = $null -ne $present -and $present.CertificateThumbprint -eq $own.Thumbprint
        if ($ours -and $PSCmdlet.ShouldProcess('5986', 'Remove HTTPS listener')) {
            Remove-WSManInstance -ResourceURI 'winrm/config/Listener' -SelectorSet $listener
            $changed = $true
        }
        if ($PSCmdlet.ShouldProcess($own.Thumbprint, 'Remove certificate')) {
            Remove-Item -LiteralPath "$store\$($own.Thumbprint)"
            $changed = $true
        }
    }
    Write-Row -What 'Listener' -Value '' -Changed $changed
    $changed = $false
    if ($null -ne (Get-OwnRule) -and $PSCmdlet.ShouldProcess($ruleName, 'Remove firewall rule')) {
        Remove-NetFirewallRule -Name $ruleName -ErrorAction Stop
        $changed = $true
    }
    Write-Row -What 'FirewallRule' -Value $ruleName -Changed $changed
}

if ($Uninstall) {
    Remove-ModuleFile
    Remove-OwnListener
    return
}
Install-ModuleFile
if ($HttpsListener) {
    Set-HttpsListener
    Set-OwnRule
}
Set-Quota -Name 'MaxShellsPerUser' -Lowest $MaxShellsPerUser
Set-Quota -Name 'MaxMemoryPerShellMB' -Lowest $MaxMemoryPerShellMB
