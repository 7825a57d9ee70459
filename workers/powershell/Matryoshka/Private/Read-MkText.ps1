function Read-MkText {
    # The text of a UTF-8 file, or $null when it is not there. Others may write or replace the file meanwhile.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    try {
        $stream = New-Object -TypeName 'System.IO.FileStream' -ArgumentList $Path, 'Open', 'Read', 'ReadWrite, Delete'
    }
    catch [System.IO.FileNotFoundException], [System.IO.DirectoryNotFoundException] {
        return $null
    }
    try {
        $reader = New-Object -TypeName 'System.IO.StreamReader' -ArgumentList $stream, ([System.Text.Encoding]::UTF8)
        return $reader.ReadToEnd()
    }
    finally {
        $stream.Dispose()
    }
}
