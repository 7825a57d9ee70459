# WinRM's settings.
#
#   behaviour                                                                     | mark       | source
#   Get-WSManInstance answers an XmlElement whose children are the settings, text | documented | PSDocs Get-WSManInstance
#   winrm/config/winrs: IdleTimeout, MaxConcurrentUsers, MaxShellsPerUser ...     | documented | Win32Docs WinRM/quotas
#   winrm/config/client: TrustedHosts, a list with commas                         | documented | Win32Docs WinRM installation and configuration
#   whoever is no administrator may not read them: WsManError,                    | observed   | public logs: 'WsManError,Microsoft.WSMan.Management.
#     InvalidOperation, InvalidOperationException                                 |            |   GetWSManInstanceCommand'
#   Set-WSManInstance answers the settings as they are now                        | documented | PSDocs Set-WSManInstance

$script:FakeWinrs = [ordered]@{ AllowRemoteShellAccess = 'true'; IdleTimeout = '7200000'; MaxConcurrentUsers = '2147483647'; MaxShellRunTime = '2147483647'; MaxProcessesPerShell = '2147483647' }

function New-FakeWsManElement {
    # Settings as XML.
    param([string]$Name, [System.Collections.IDictionary]$Value)

    $document = [System.Xml.XmlDocument]::new()
    $space = "http://schemas.microsoft.com/wbem/wsman/1/config/$($Name.ToLowerInvariant())"
    $root = $document.CreateElement('cfg', $Name, $space)
    foreach ($key in $Value.Keys) {
        $child = $document.CreateElement('cfg', $key, $space)
        $child.InnerText = [string]$Value[$key]
        $null = $root.AppendChild($child)
    }
    return $root
}

function Get-FakeWsMan {
    # The settings of a resource.
    param([hashtable]$Call)

    $wsman = $Call.Machine.wsman
    switch ([string]$Call.Bound.ResourceURI) {
        'winrm/config/winrs' {
            $all = [ordered]@{} + $script:FakeWinrs
            $all.MaxShellsPerUser = $wsman.MaxShellsPerUser
            $all.MaxMemoryPerShellMB = $wsman.MaxMemoryPerShellMB
            return New-FakeWsManElement -Name 'Winrs' -Value $all
        }
        'winrm/config/client' {
            return New-FakeWsManElement -Name 'Client' -Value ([ordered]@{ NetworkDelayms = '5000'; URLPrefix = 'wsman'; AllowUnencrypted = 'false'; TrustedHosts = (Get-FakeField -Row $wsman -Name 'TrustedHosts') })
        }
    }
    throw "The pretended WinRM has no $($Call.Bound.ResourceURI)."
}

function Get-FakeWsManRefusal {
    # Why WinRM's settings are closed to this caller; $null when they are not.
    param([hashtable]$Call)

    if ($Call.Machine.is_admin) {
        return $null
    }
    return New-FakeRefusal -Call $Call -Id 'WsManError' -Category InvalidOperation -Text 'AccessDenied' -Exception 'System.InvalidOperationException'
}

Add-FakeBody -Name 'Get-WSManInstance' -Body {
    param($Call)
    $refusal = Get-FakeWsManRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    Get-FakeWsMan -Call $Call
}

Add-FakeBody -Name 'Set-WSManInstance' -Body {
    param($Call)
    $refusal = Get-FakeWsManRefusal -Call $Call
    if ($null -ne $refusal) {
        return $refusal
    }
    foreach ($key in $Call.Bound.ValueSet.Keys) {
        $Call.Machine.wsman[$key] = $Call.Bound.ValueSet[$key]
    }
    $Call.World.calls += , @($Call.Machine.uid, $Call.Name, [string]$Call.Bound.ResourceURI)
    Get-FakeWsMan -Call $Call
}
