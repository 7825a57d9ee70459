# Part of Install-Matryoshka.ps1, which runs it: its parameters and $PSCmdlet are seen here.
$endpointName = 'Matryoshka'
$placeholder = 'COMPUTERNAME\Matryoshka Operators'

function Get-ConfigurationText {
    # The session configuration for this host: the shipped file with the group that may open it.
    $text = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($here, 'Matryoshka.pssc'))
    return $text.Replace($placeholder, (Get-OperatorName).Replace("'", "''"))
}

function Get-Endpoint {
    # The registered endpoint of our name, $null when there is none. By listing: an absent name is an error.
    foreach ($found in @(Get-PSSessionConfiguration -Force -ErrorAction Stop)) {
        if ($found.Name -eq $endpointName) {
            return $found
        }
    }
    return $null
}

function Test-OwnEndpoint {
    # Whether a registered endpoint is ours: made of a file with our GUID.
    param([object]$Endpoint)

    $guid = $Endpoint.PSObject.Properties['GUID']
    $null = (Get-ConfigurationText) -match "GUID\s+= '(?<id>[^']+)'"
    return $null -ne $guid -and [string]$guid.Value -eq $Matches['id']
}

function Assert-EndpointFree {
    # Ends the script, before it changes anything, if the name belongs to somebody else's endpoint.
    $present = Get-Endpoint
    if ($null -ne $present -and -not (Test-OwnEndpoint -Endpoint $present)) {
        $message = "An endpoint '$endpointName' that this script did not make is registered: unregister it, or leave out -Endpoint."
        Stop-Install -Id 'EndpointForeign' -Category ResourceExists -Message $message -TargetObject $endpointName
    }
}

function Test-SameConfiguration {
    # Whether a registered endpoint was made of exactly this text, of which Windows keeps a copy, and allows what is asked.
    param([object]$Endpoint, [string]$Text)

    $kept = $Endpoint.PSObject.Properties['ConfigFilePath']
    if ($null -eq $kept -or -not [System.IO.File]::Exists($kept.Value) -or [System.IO.File]::ReadAllText($kept.Value) -cne $Text) {
        return $false
    }
    return [long]$Endpoint.MaxShellsPerUser -ge $MaxShellsPerUser -and [long]$Endpoint.MaxMemoryPerShellMB -ge $MaxMemoryPerShellMB
}

function New-EndpointOption {
    # The endpoint's own limits, which it has beside WinRM's: what a former one had, raised to what is asked; $null: Windows' defaults.
    param([object]$Former)

    $quota = @{}
    $shells = $MaxShellsPerUser
    $memory = $MaxMemoryPerShellMB
    $most = 25
    if ($null -ne $Former) {
        $shells = [int][System.Math]::Max($shells, [long]$Former.MaxShellsPerUser)
        $memory = [int][System.Math]::Max($memory, [long]$Former.MaxMemoryPerShellMB)
        $most = [int]$Former.MaxShells
    }
    if ($shells -gt 0) {
        $quota.MaxSessionsPerUser = $shells
        $quota.MaxSessions = [System.Math]::Max($shells, $most)
    }
    if ($memory -gt 0) {
        $quota.MaxMemoryPerSessionMB = $memory
    }
    if ($quota.Count -eq 0) {
        return $null
    }
    return New-PSTransportOption @quota
}

function Set-Endpoint {
    # Registers the endpoint, or again when its file or a limit differs: a JEA endpoint is changed by unregistering it first.
    $text = Get-ConfigurationText
    $present = Get-Endpoint
    $changed = $false
    $same = $null -ne $present -and (Test-SameConfiguration -Endpoint $present -Text $text)
    if (-not $same -and $PSCmdlet.ShouldProcess($endpointName, 'Register endpoint')) {
        if ($null -ne $present) {
            Unregister-PSSessionConfiguration -Name $endpointName -NoServiceRestart -Force -ErrorAction Stop
        }
        Register-Endpoint -Text $text -Option (New-EndpointOption -Former $present)
        Request-Restart
        $changed = $true
    }
    Write-Row -What 'Endpoint' -Value $endpointName -Changed $changed
}

function Register-Endpoint {
    # Registers the text as our endpoint. Without a restart of WinRM: that would cut every session of this host.
    param([string]$Text, [object]$Option)

    $limits = @{}
    if ($null -ne $Option) {
        $limits.TransportOption = $Option
    }
    $path = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), '{0}.pssc' -f [guid]::NewGuid())
    # With a mark of its encoding: the group's name may have letters that Windows PowerShell would read wrongly.
    [System.IO.File]::WriteAllText($path, $Text, [System.Text.Encoding]::UTF8)
    try {
        $null = Register-PSSessionConfiguration -Name $endpointName -Path $path @limits -NoServiceRestart -Force -ErrorAction Stop
    }
    finally {
        [System.IO.File]::Delete($path)
    }
}

function Remove-Endpoint {
    # Unregisters the endpoint if it is ours. Sessions that are open stay until WinRM is restarted.
    $present = Get-Endpoint
    $changed = $false
    if ($null -ne $present -and (Test-OwnEndpoint -Endpoint $present) -and $PSCmdlet.ShouldProcess($endpointName, 'Unregister endpoint')) {
        Unregister-PSSessionConfiguration -Name $endpointName -NoServiceRestart -Force -ErrorAction Stop
        $changed = $true
    }
    Write-Row -What 'Endpoint' -Value $endpointName -Changed $changed
}
