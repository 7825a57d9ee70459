function Get-MkSecretText {
    # The plain texts of a call's SecureStrings and credentials, of four characters or more: to blank them in error texts, for nothing else.
    [CmdletBinding()]
    [OutputType([string[]])]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Parameters
    )
    foreach ($value in $Parameters.Values) {
        $plain = ''
        if ($value -is [securestring]) {
            $plain = ConvertTo-MkPlainText -Secret $value
        }
        elseif ($value -is [System.Management.Automation.PSCredential]) {
            $plain = $value.GetNetworkCredential().Password
        }
        if ($plain.Length -ge 4) {
            $plain
        }
    }
}
