function Protect-MkText {
    # A text without the secrets of a call, at most 4000 characters; $null stays $null.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [AllowNull()]
        [object]$Text,

        [string[]]$Secret = @()
    )
    if ($null -eq $Text) {
        return $null
    }
    $clean = [string]$Text
    foreach ($word in $Secret) {
        $clean = $clean.Replace($word, '***')
    }
    if ($clean.Length -gt 4000) {
        return $clean.Substring(0, 4000)
    }
    return $clean
}
