function Get-MkVM {
    # The virtual machine of an id, $null when this host has none (or the caller may not see it: Hyper-V tells no difference).
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )
    try {
        return Get-VM -Id $VMId -ErrorAction Stop
    }
    catch {
        # Absent is InvalidParameter or ObjectNotFound, by release (docs/sources.md H12). A missing Get-VM is ObjectNotFound too, and
        # no answer.
        if ($_.FullyQualifiedErrorId -notmatch '\A(InvalidParameter|ObjectNotFound),.*GetVM') {
            throw
        }
    }
    # ObjectNotFound is also what Get-VM says when Hyper-V's service does not answer: only a list without the VM says that it is absent.
    return Get-VM -ErrorAction Stop | Where-Object -FilterScript { $_.Id -eq $VMId }
}
