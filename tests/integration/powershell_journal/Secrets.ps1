# Secrets wherever parameters can hold them, in a call that fails with each of the texts of Leak.ps1.
function ConvertTo-Secret {
    param([string]$Text)
    return ConvertTo-SecureString -String $Text -AsPlainText -Force
}
$words = @(
    'in<side>Pa55'
    'se"cret&Pa55'
    'cre dential/Pa55'
    'plain+Pa55'
    'list''s Pa55'
    'list''s Pa55 and more'
)
$parameters = @{
    Setting = @{ Inner = @{ AdminPassword = $words[0] } }
    Secret = ConvertTo-Secret -Text $words[1]
    Credential = [pscredential]::new('administrator', (ConvertTo-Secret -Text $words[2]))
    Password = $words[3]
    List = @([pscustomobject]@{ Key = ConvertTo-Secret -Text $words[5] }, (ConvertTo-Secret -Text $words[4]))
}
$answer = @(foreach ($how in 'throw', 'own', 'inner', 'cast', 'binding', 'xml', 'json', 'url', 'base64', 'path', 'long') {
        $parameters.How = $how
        Invoke-NestedCall -Name 'Set-NestedLeak' -CallId "job_1.$how#1" -Parameters $parameters
    })
