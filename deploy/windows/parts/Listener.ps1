# Part of Install-Matryoshka.ps1, which runs it: its parameters and $PSCmdlet are seen here.
function Find-OwnCertificate {
    # The self-signed certificates that this script made, of any age.
    return @(Get-ChildItem -LiteralPath $store | Where-Object -FilterScript { $_.FriendlyName -eq $certificateName })
}

function Get-OwnCertificate {
    # The one of them that lasts a month or more; $null when there is none.
    foreach ($certificate in @(Find-OwnCertificate)) {
        if ($certificate.NotAfter -gt [datetime]::Now.AddDays(30)) {
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
    # Lets the workers reach port 5986. For whom is noted in its description: Windows shows subnets in another spelling.
    $changed = $false
    $present = Get-OwnRule
    $who = @{ Name = $ruleName; RemoteAddress = $RemoteAddress; Description = 'From {0}' -f ($RemoteAddress -join ', ') }
    if ($null -eq $present -and $PSCmdlet.ShouldProcess($ruleName, 'New firewall rule')) {
        $arguments = @{ DisplayName = 'Matryoshka: WinRM over HTTPS'; Direction = 'Inbound'; Action = 'Allow'; Protocol = 'TCP'; LocalPort = '5986' }
        $null = New-NetFirewallRule @arguments @who -ErrorAction Stop
        $changed = $true
    }
    elseif ($null -ne $present -and $addressGiven -and $present.Description -ne $who.Description -and $PSCmdlet.ShouldProcess($ruleName, 'Set addresses')) {
        Set-NetFirewallRule @who -ErrorAction Stop
        $changed = $true
    }
    Write-Row -What 'FirewallRule' -Value $ruleName -Changed $changed
}

function Remove-OwnListener {
    # Removes the listener if it uses a certificate of ours, then these certificates and the firewall rule.
    $present = Get-HttpsListener
    $changed = $false
    foreach ($own in @(Find-OwnCertificate)) {
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
