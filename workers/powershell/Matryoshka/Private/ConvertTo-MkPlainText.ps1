function ConvertTo-MkPlainText {
    # The text of a SecureString, for the few interfaces that take no other.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [securestring]$Secret
    )
    return (New-Object -TypeName 'System.Net.NetworkCredential' -ArgumentList '', $Secret).Password
}
