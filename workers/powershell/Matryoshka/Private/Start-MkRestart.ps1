function Start-MkRestart {
    # Asks Windows for a planned, forced restart after some seconds. Restart-Computer knows no delay: it would cut this answer off.
    [CmdletBinding()]
    param(
        [ValidateRange(1, 600)]
        [int]$DelaySeconds = 5
    )
    $tool = [System.IO.Path]::Combine([System.Environment]::GetFolderPath('System'), 'shutdown.exe')
    $process = Start-Process -FilePath $tool -ArgumentList '/r', '/f', '/t', "$DelaySeconds", '/d', 'p:4:1' -NoNewWindow -Wait -PassThru -ErrorAction Stop
    # 1115 and 1190: a restart is under way or planned already.
    if (0, 1115, 1190 -notcontains $process.ExitCode) {
        throw (New-Object -TypeName 'System.ComponentModel.Win32Exception' -ArgumentList $process.ExitCode)
    }
}
