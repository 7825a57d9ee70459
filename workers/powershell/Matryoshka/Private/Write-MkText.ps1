function Write-MkText {
    # Writes a UTF-8 file in one move: a reader sees the old text or the new one, and a power cut leaves one of the two.
    # Thread sleep, not Start-Sleep: this also runs in a finally block of a stopped pipeline.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Text
    )
    $temporary = '{0}.{1}.tmp' -f $Path, [System.Guid]::NewGuid().ToString('N')
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($Text)
    $stream = New-Object -TypeName 'System.IO.FileStream' -ArgumentList $temporary, 'CreateNew', 'Write', 'None'
    try {
        $stream.Write($bytes, 0, $bytes.Length)
        $stream.Flush($true)
    }
    finally {
        $stream.Dispose()
    }
    Move-MkFile -Source $temporary -Destination $Path
}
