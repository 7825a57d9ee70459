function Get-MkSecretValue {
    # The plain texts of what is secret in a value: SecureStrings, credentials, and texts under a name that says so. Looks into
    # tables, lists and objects.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [AllowNull()]
        [object]$Value,

        [string]$Name = '',

        [int]$Depth = 0
    )
    if ($Depth -gt 16) {
        # Deeper than anything that is sent: a value that holds itself.
        return
    }
    if ($Value -is [securestring]) {
        return ConvertTo-MkPlainText -Secret $Value
    }
    if ($Value -is [System.Management.Automation.PSCredential]) {
        return $Value.GetNetworkCredential().Password
    }
    if ($Value -is [string]) {
        if ($Name -match 'password|passphrase|secret|credential|token|(access|account|api|private|shared)_?key') {
            return $Value
        }
        return
    }
    if ($Value -is [System.Collections.IDictionary]) {
        foreach ($key in $Value.Keys) {
            Get-MkSecretValue -Value $Value[$key] -Name ([string]$key) -Depth ($Depth + 1)
        }
    }
    elseif ($Value -is [System.Collections.IEnumerable]) {
        foreach ($item in $Value) {
            Get-MkSecretValue -Value $item -Name $Name -Depth ($Depth + 1)
        }
    }
    elseif ($Value -is [System.Management.Automation.PSCustomObject]) {
        foreach ($property in $Value.PSObject.Properties) {
            Get-MkSecretValue -Value $property.Value -Name $property.Name -Depth ($Depth + 1)
        }
    }
}
