function Get-MkJournalFolder {
    # The journal's folder; the environment may name another one (tests).
    [CmdletBinding()]
    [OutputType([string])]
    param()

    if ([string]::IsNullOrEmpty($env:MATRYOSHKA_JOURNAL)) {
        return Get-MkDataFolder -Name 'journal'
    }
    return $env:MATRYOSHKA_JOURNAL
}
