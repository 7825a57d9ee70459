# A pretended WinRM, certificate store, firewall and local groups for the installer's tests; state in $global:Endpoint. Parameters and
# parameter sets are those of Microsoft's pages, properties those of the pages' examples.
$global:Endpoint = @{
    Listener       = $null
    Certificates   = @()
    Rules          = @()
    Quota          = @{ MaxShellsPerUser = '30'; MaxMemoryPerShellMB = '1024' }
    Calls          = @()
    Configurations = @()
    Groups         = @()
    Members        = @{}
    ListingFails   = $false
    Refuse         = ''
    Booted         = [datetime]'2020-01-02'
}

function Add-FakeCall {
    # Notes a change, or refuses it when the test says so.
    param([string]$Text)
    if ($global:Endpoint.Refuse -ne '' -and $Text.StartsWith($global:Endpoint.Refuse)) {
        throw "refused: $Text"
    }
    $global:Endpoint.Calls += $Text
}

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
    param([string]$Name, [string]$DisplayName, [string]$Description, [string]$Direction, [string]$Action, [string]$Protocol, [string]$LocalPort, [string[]]$RemoteAddress)
    $global:Endpoint.Rules += [pscustomobject]@{ Name = $Name; Description = $Description; RemoteAddress = $RemoteAddress }
}

function Set-NetFirewallRule {
    [CmdletBinding()]
    param([string]$Name, [string]$Description, [string[]]$RemoteAddress)
    $rule = $global:Endpoint.Rules | Where-Object -FilterScript { $_.Name -eq $Name }
    $rule.Description = $Description
    $rule.RemoteAddress = $RemoteAddress
}

function Remove-NetFirewallRule {
    [CmdletBinding()]
    param([string]$Name)
    $global:Endpoint.Rules = @()
}

function Get-PSSessionConfiguration {
    [CmdletBinding()]
    param(
        [switch]$Force,
        [Parameter(Position = 0)][string[]]$Name
    )
    return $global:Endpoint.Configurations | Where-Object -FilterScript { -not $Name -or $Name -contains $_.Name }
}

function Register-PSSessionConfiguration {
    [CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'NameParameterSet')]
    param(
        [object]$AccessMode,
        [Parameter(ParameterSetName = 'NameParameterSet')][Parameter(ParameterSetName = 'AssemblyNameParameterSet')][string]$ApplicationBase,
        [Parameter(Mandatory = $true, ParameterSetName = 'AssemblyNameParameterSet', Position = 1)][string]$AssemblyName,
        [Parameter(Mandatory = $true, ParameterSetName = 'AssemblyNameParameterSet', Position = 2)][string]$ConfigurationTypeName,
        [switch]$Force,
        [System.Nullable[double]]$MaximumReceivedDataSizePerCommandMB,
        [System.Nullable[double]]$MaximumReceivedObjectSizeMB,
        [Parameter(ParameterSetName = 'NameParameterSet')][Parameter(ParameterSetName = 'AssemblyNameParameterSet')][object]$ModulesToImport,
        [Parameter(Mandatory = $true, Position = 0)][string]$Name,
        [switch]$NoServiceRestart,
        [Parameter(ParameterSetName = 'NameParameterSet')][Parameter(ParameterSetName = 'AssemblyNameParameterSet')][Alias('PowerShellVersion')][version]$PSVersion,
        [Parameter(Mandatory = $true, ParameterSetName = 'SessionConfigurationFile')][string]$Path,
        [Alias('PA')][ValidateSet('x86', 'amd64')][string]$ProcessorArchitecture,
        [System.Management.Automation.PSCredential]$RunAsCredential,
        [string]$SecurityDescriptorSddl,
        [Parameter(ParameterSetName = 'NameParameterSet')][object]$SessionType,
        [Parameter(ParameterSetName = 'NameParameterSet')][Parameter(ParameterSetName = 'AssemblyNameParameterSet')][object]$SessionTypeOption,
        [switch]$ShowSecurityDescriptorUI,
        [string]$StartupScript,
        [object]$ThreadApartmentState,
        [object]$ThreadOptions,
        [object]$TransportOption,
        [switch]$UseSharedProcess
    )
    if ([System.IO.Path]::GetExtension($Path) -ne '.pssc') {
        throw 'InvalidPSSessionConfigurationFilePath'
    }
    if (Get-PSSessionConfiguration -Name $Name) {
        throw "there is a '$Name' already"
    }
    $read = Import-PowerShellDataFile -Path $Path
    foreach ($account in $read.RoleDefinitions.Keys) {
        $local = $account -replace ('\A' + [regex]::Escape([System.Environment]::MachineName) + '\\'), ''
        if ($local -ne $account -and -not ($global:Endpoint.Groups | Where-Object -FilterScript { $_.Name -eq $local })) {
            throw "IdentityNotMapped: $account"
        }
    }
    Add-FakeCall -Text "Register-PSSessionConfiguration $Name $($read.RoleDefinitions.Keys -join ', ')"
    $kept = [System.IO.Path]::Combine($PWD.ProviderPath, ('{0}_{1}.pssc' -f $Name, $read.GUID))
    [System.IO.File]::Copy($Path, $kept, $true)
    $quota = @{ MaxSessions = 25; MaxSessionsPerUser = 25; MaxMemoryPerSessionMB = 1024 }
    if ($null -ne $TransportOption) {
        foreach ($property in $TransportOption.PSObject.Properties) {
            $quota[$property.Name] = $property.Value
        }
    }
    $made = [pscustomobject]@{
        Name = $Name; GUID = $read.GUID; configfilepath = $kept; SessionType = $read.SessionType
        MaxShells = [string]$quota.MaxSessions; MaxShellsPerUser = [string]$quota.MaxSessionsPerUser
        MaxMemoryPerShellMB = [string]$quota.MaxMemoryPerSessionMB
    }
    $global:Endpoint.Configurations += $made
    if (-not $NoServiceRestart) {
        Add-FakeCall -Text 'Restart-Service WinRM'
    }
    return $made
}

function Unregister-PSSessionConfiguration {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [switch]$Force,
        [Parameter(Mandatory = $true, Position = 0)][string]$Name,
        [switch]$NoServiceRestart
    )
    Add-FakeCall -Text "Unregister-PSSessionConfiguration $Name"
    $global:Endpoint.Configurations = @($global:Endpoint.Configurations | Where-Object -FilterScript { $_.Name -ne $Name })
    if (-not $NoServiceRestart) {
        Add-FakeCall -Text 'Restart-Service WinRM'
    }
}

function New-PSTransportOption {
    [CmdletBinding()]
    param(
        [System.Nullable[int]]$IdleTimeoutSec,
        [System.Nullable[int]]$MaxConcurrentCommandsPerSession,
        [System.Nullable[int]]$MaxConcurrentUsers,
        [System.Nullable[int]]$MaxIdleTimeoutSec,
        [System.Nullable[int]]$MaxMemoryPerSessionMB,
        [System.Nullable[int]]$MaxProcessesPerSession,
        [System.Nullable[int]]$MaxSessions,
        [System.Nullable[int]]$MaxSessionsPerUser,
        [object]$OutputBufferingMode,
        [System.Nullable[int]]$ProcessIdleTimeoutSec
    )
    $made = [ordered]@{}
    foreach ($name in ($PSBoundParameters.Keys | Sort-Object)) {
        $made[$name] = $PSBoundParameters[$name]
    }
    return [pscustomobject]$made
}

function Get-LocalGroup {
    [CmdletBinding(DefaultParameterSetName = 'Default')]
    param(
        [Parameter(ParameterSetName = 'Default', Position = 0)][string[]]$Name,
        [Parameter(ParameterSetName = 'SecurityIdentifier', Position = 0)][object]$SID
    )
    return $global:Endpoint.Groups
}

function New-LocalGroup {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [string]$Description,
        [Parameter(Mandatory = $true, Position = 0)][string]$Name
    )
    if ($Description.Length -gt 48) {
        throw 'the description of a local group has at most 48 characters'
    }
    Add-FakeCall -Text "New-LocalGroup $Name"
    $made = [pscustomobject]@{ Name = $Name; Description = $Description; SID = 'S-1-5-21-1-2-3-{0}' -f (1001 + $global:Endpoint.Groups.Count) }
    $global:Endpoint.Groups += $made
    $global:Endpoint.Members[$made.SID] = @()
    return $made
}

function Remove-LocalGroup {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'InputObject', Position = 0)][object]$InputObject,
        [Parameter(Mandatory = $true, ParameterSetName = 'Default', Position = 0)][string[]]$Name,
        [Parameter(Mandatory = $true, ParameterSetName = 'SecurityIdentifier', Position = 0)][object]$SID
    )
    Add-FakeCall -Text "Remove-LocalGroup $SID"
    $global:Endpoint.Groups = @($global:Endpoint.Groups | Where-Object -FilterScript { $_.SID -ne $SID })
}

function Get-LocalGroupMember {
    [CmdletBinding(DefaultParameterSetName = 'Default')]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'Group', Position = 0)][object]$Group,
        [Parameter(Position = 1)][string]$Member,
        [Parameter(Mandatory = $true, ParameterSetName = 'Default', Position = 0)][string]$Name,
        [Parameter(Mandatory = $true, ParameterSetName = 'SecurityIdentifier', Position = 0)][object]$SID
    )
    if ($global:Endpoint.ListingFails) {
        throw 'Failed to compare two elements in the array.'
    }
    return $global:Endpoint.Members[$SID]
}

function Add-LocalGroupMember {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'Group', Position = 0)][object]$Group,
        [Parameter(Mandatory = $true, Position = 1)][object]$Member,
        [Parameter(Mandatory = $true, ParameterSetName = 'Default', Position = 0)][string]$Name,
        [Parameter(Mandatory = $true, ParameterSetName = 'SecurityIdentifier', Position = 0)][object]$SID
    )
    $full = $Member
    if (-not $full.Contains('\')) {
        $full = '{0}\{1}' -f [System.Environment]::MachineName, $Member
    }
    if ($global:Endpoint.Members[$SID] | Where-Object -FilterScript { $_.Name -eq $full }) {
        $exception = New-Object -TypeName 'System.Exception' -ArgumentList 'schon Mitglied'
        $PSCmdlet.WriteError((New-Object -TypeName 'System.Management.Automation.ErrorRecord' -ArgumentList $exception, 'MemberExists', 'ResourceExists', $Member))
        return
    }
    Add-FakeCall -Text "Add-LocalGroupMember $SID $full"
    $global:Endpoint.Members[$SID] += [pscustomobject]@{ Name = $full; SID = 'S-1-5-21-9-9-9-{0}' -f (2000 + $global:Endpoint.Members[$SID].Count) }
}

function Restart-Service {
    [CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'InputObject')]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'DisplayName')][string[]]$DisplayName,
        [string[]]$Exclude,
        [switch]$Force,
        [string[]]$Include,
        [Parameter(Mandatory = $true, ParameterSetName = 'InputObject', Position = 0)][object]$InputObject,
        [Parameter(Mandatory = $true, ParameterSetName = 'Default', Position = 0)][Alias('ServiceName')][string[]]$Name,
        [switch]$PassThru
    )
    Add-FakeCall -Text "Restart-Service $Name"
}

function Get-CimInstance {
    [CmdletBinding(DefaultParameterSetName = 'ClassNameComputerSet')]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'ClassNameComputerSet', Position = 0)][string]$ClassName
    )
    return [pscustomobject]@{ LastBootUpTime = $global:Endpoint.Booted }
}
