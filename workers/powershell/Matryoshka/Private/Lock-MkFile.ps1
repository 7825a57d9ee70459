function Lock-MkFile {
    # Opens a file for this process alone and answers the stream, or $null when a living process holds it.
    # The system frees it when the process dies, however it dies: no stale locks, no process ids to compare.
    [CmdletBinding()]
    [OutputType([System.IO.FileStream])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    try {
        return New-Object -TypeName 'System.IO.FileStream' -ArgumentList $Path, 'OpenOrCreate', 'ReadWrite', 'None'
    }
    catch [System.IO.DirectoryNotFoundException] {
        throw
    }
    catch [System.IO.IOException] {
        return $null
    }
}
