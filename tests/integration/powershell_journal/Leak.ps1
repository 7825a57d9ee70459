function Set-NestedLeak {
    # Fails with a text that quotes what it was given.
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$How, [hashtable]$Setting, [object[]]$List, [securestring]$Secret, [pscredential]$Credential, [string]$Password)

    $all = @($Setting.Inner.AdminPassword, (ConvertTo-MkPlainText -Secret $Secret), $Credential.GetNetworkCredential().Password, $Password)
    $all += ConvertTo-MkPlainText -Secret $List[0].Key
    $text = $all -join ' and '
    switch ($How) {
        'throw' { throw "refused $text" }
        'own' { Stop-MkFunction -Cmdlet $PSCmdlet -Id 'Leak' -Category InvalidData -Message $text -TargetObject $text }
        'inner' { throw (New-Object -TypeName 'System.Exception' -ArgumentList $text, (New-Object -TypeName 'System.Exception' -ArgumentList $text)) }
        'cast' { return [int]$text }
        'binding' { return Get-NestedCall -CallId $text }
        'xml' { throw [System.Security.SecurityElement]::Escape($text) }
        'json' { throw (ConvertTo-Json -InputObject $all -Compress) }
        'url' { throw (@($all | ForEach-Object -Process { [System.Uri]::EscapeDataString($_) }) -join '&') }
        'base64' { throw (@($all | ForEach-Object -Process { [System.Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($_)) }) -join ' ') }
        'path' { Get-Item -LiteralPath "/nowhere/$text" }
        'long' { throw (('-' * 3990) + $text) }
    }
}
