function Get-MkSecretText {
    # The secrets of a call as they could stand in an error text: plain and in the forms that other layers give them, of four
    # characters or more, the longest first so that none leaves a rest of another. To blank them, for nothing else.
    [CmdletBinding()]
    [OutputType([string[]])]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Parameters
    )
    $forms = foreach ($plain in @(Get-MkSecretValue -Value $Parameters)) {
        $plain
        [System.Security.SecurityElement]::Escape($plain)
        [System.Uri]::EscapeDataString($plain)
        (ConvertTo-Json -InputObject $plain -Compress).Trim('"')
        [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($plain))
        [System.Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($plain))
    }
    return @($forms | Where-Object -FilterScript { $_.Length -ge 4 } | Sort-Object -Property 'Length' -Descending)
}
