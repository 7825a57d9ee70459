# Ends a guest's process when its machine loses power, restarts or is gone, and when the process that opened it is gone.
param([int]$Caller)

$me = [System.Diagnostics.Process]::GetCurrentProcess()
$self = ''
$seen = [datetime]::MinValue
$due = ''
while ($true) {
    [System.Threading.Thread]::Sleep(100)
    try {
        $null = [System.Diagnostics.Process]::GetProcessById($Caller)
        $now = [string]$env:MATRYOSHKA_FAKE_BOOT
        if ($now -ne $self) {
            $self = $now
            $seen = [datetime]::MinValue
            $due = ''
        }
        if ($self -eq '') {
            continue
        }
        $path, $uid, $boots = $self.Split("`n")
        $written = [System.IO.File]::GetLastWriteTimeUtc($path)
        if ([System.IO.File]::Exists($path) -and $written -ne $seen) {
            $document = [System.Text.Json.JsonDocument]::Parse([System.IO.File]::ReadAllText($path))
            $machine = $document.RootElement.GetProperty('machines').GetProperty($uid)
            $isThis = $machine.GetProperty('powered').GetBoolean() -and $machine.GetProperty('boots').GetInt32() -eq [int]$boots
            $moment = [System.Text.Json.JsonElement]::new()
            $due = $(if ($machine.TryGetProperty('restart_at', [ref]$moment)) { $moment.GetString() } else { '' })
            $document.Dispose()
            $seen = $written
            if (-not $isThis -and $env:MATRYOSHKA_FAKE_BOOT -eq $self) {
                $me.Kill()
            }
        }
        if ($due -ne '' -and [datetime]::UtcNow -ge [datetime]::Parse($due, [System.Globalization.CultureInfo]::InvariantCulture, 'AdjustToUniversal, AssumeUniversal')) {
            $me.Kill()
        }
    }
    catch [System.ArgumentException] {
        # No such process: whoever opened this one is gone.
        $me.Kill()
    }
    catch {
        # The world is being written: the next round reads it.
        $null = $_
    }
}
