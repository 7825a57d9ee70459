# A pretended WinRM, certificate store and firewall for the installer's tests; state in $global:Endpoint.
$global:Endpoint = @{ Listener = $null; Certificates = @(); Rules = @(); Quota = @{ MaxShellsPerUser = '30'; MaxMemoryPerShellMB = '1024' }; Calls = @() }

function Get-WSManInstance {
    param([string]$ResourceURI, [switch]$Enumerate)
    if ($ResourceURI -eq 'winrm/config/winrs') {
        return [pscustomobject]$global:Endpoint.Quota
    }
    [pscustomobject]@{ Transport = 'HTTP'; CertificateThumbprint = '' }
    if ($null -ne $global:Endpoint.Listener) {
        $global:Endpoint.Listener
    }
}

function New-WSManInstance {
    param([string]$ResourceURI, [hashtable]$SelectorSet, [hashtable]$ValueSet)
    $global:Endpoint.Calls += 'New-WSManInstance'
    $global:Endpoint.Listener = [pscustomobject]@{ Transport = $SelectorSet.Transport; CertificateThumbprint = $ValueSet.CertificateThumbprint }
}

function Set-WSManInstance {
    param([string]$ResourceURI, [hashtable]$SelectorSet, [hashtable]$ValueSet)
    foreach ($name in $ValueSet.Keys) {
        $global:Endpoint.Calls += "Set-WSManInstance $name"
        $global:Endpoint.Quota[$name] = $ValueSet[$name]
    }
    if ($SelectorSet) {
        $global:Endpoint.Listener.CertificateThumbprint = $ValueSet.CertificateThumbprint
    }
}

function Remove-WSManInstance {
    param([string]$ResourceURI, [hashtable]$SelectorSet)
    $global:Endpoint.Listener = $null
}

function New-SelfSignedCertificate {
    param([string]$Subject, [string[]]$TextExtension, [string]$CertStoreLocation, [string]$FriendlyName, [datetime]$NotAfter)
    $global:Endpoint.Calls += "New-SelfSignedCertificate $Subject $($TextExtension[0])"
    $made = [pscustomobject]@{ Thumbprint = 'AB12'; FriendlyName = $FriendlyName; NotAfter = $NotAfter; RawData = [byte[]](1, 2, 3) }
    $global:Endpoint.Certificates += $made
    return $made
}

function Get-ChildItem {
    param([string]$LiteralPath)
    return $global:Endpoint.Certificates
}

function Get-Item {
    param([string]$LiteralPath)
    return [pscustomobject]@{ Thumbprint = $LiteralPath.Split('\')[-1]; FriendlyName = 'theirs'; RawData = [byte[]](9) }
}

function Remove-Item {
    param([string]$LiteralPath)
    $global:Endpoint.Calls += "Remove-Item $LiteralPath"
    $global:Endpoint.Certificates = @()
}

function Get-NetFirewallRule {
    [CmdletBinding()]
    param([switch]$All)
    return $global:Endpoint.Rules
}

function New-NetFirewallRule {
    [CmdletBinding()]
    param([string]$Name, [string]$DisplayName, [string]$Direction, [string]$Action, [string]$Protocol, [string]$LocalPort, [string[]]$RemoteAddress)
    $global:Endpoint.Rules += [pscustomobject]@{ Name = $Name }
}

function Remove-NetFirewallRule {
    [CmdletBinding()]
    param([string]$Name)
    $global:Endpoint.Rules = @()
}
