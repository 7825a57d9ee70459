# Calls into the guests of a pretended Windows; one JSON object on standard output: what came of each case. Kill: only a call from the
# node into its own guest, which never ends; standard output has the process ids of both.
param([string]$Start, [string]$Password, [switch]$Kill)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
. $Start

$guest = @{ Credential = [pscredential]::new('Administrator', (ConvertTo-SecureString -String $Password -AsPlainText -Force)); VMId = (Get-VM -Name 'nest-1').Id }

function Get-Refusal {
    # What an error of a call is; the text 'none' when there is none.
    param([scriptblock]$Call)

    try {
        $null = & $Call
        return 'none'
    }
    catch {
        return @{ Id = $_.FullyQualifiedErrorId; Category = [string]$_.CategoryInfo.Category; Type = $_.Exception.GetType().Name; Message = $_.Exception.Message }
    }
}

if ($Kill) {
    Invoke-Command @guest -ArgumentList $guest.Credential -ScriptBlock {
        param($Credential)
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($env:ProgramData, 'pid'), "$PID")
        Invoke-Command -VMId (Get-VM -Name 'inner').Id -Credential $Credential -ScriptBlock {
            [System.IO.File]::WriteAllText([System.IO.Path]::Combine($env:ProgramData, 'pid'), "$PID")
            Start-Sleep -Seconds 600
        }
    }
    return
}

$answer = @{}
$items = @(Invoke-Command @guest -ErrorAction Continue -Verbose -WarningVariable 'warnings' -ArgumentList 'given', @{ Key = 'value' } -ScriptBlock {
        param($Text, $Table)
        "$Text $($Table.Key) $($env:MATRYOSHKA_FAKE_MACHINE)"
        [pscustomobject]@{ Number = 1; When = [datetime]::new(2026, 1, 2); State = [System.DayOfWeek]::Friday }
        Write-Warning -Message 'warned'
        Write-Verbose -Message 'told' -Verbose
        Write-Error -Message 'wrong' -ErrorId 'Guest.Wrong' -Category InvalidData
        Get-Item -LiteralPath 'not-there'
        'after'
    } 2>&1 3>$null 4>&1)
# Verbose texts have a stream of their own, which may be read a moment earlier.
$items = @($items | Sort-Object -Stable -Property { $_ -isnot [System.Management.Automation.VerboseRecord] })
$answer.streams = @($items | ForEach-Object -Process {
        if ($_ -is [System.Management.Automation.ErrorRecord]) { "error $($_.FullyQualifiedErrorId) $($_.CategoryInfo.Category) $($_.Exception.GetType().Name)" }
        elseif ($_ -is [System.Management.Automation.VerboseRecord]) { "verbose $($_.Message)" }
        elseif ($_ -is [string]) { "text $_" }
        else { "object $($_.PSObject.TypeNames[0]) $($_.Number) $($_.When.Year) $($_.State) $($_.State.ToString()) $($_.PSComputerName)" }
    })
$answer.warnings = @($warnings | ForEach-Object -Process { $_.Message })
$answer.stopped = Get-Refusal -Call { Invoke-Command @guest -ErrorAction Stop -ScriptBlock { Write-Error -Message 'wrong' -ErrorId 'Guest.Wrong'; 'never' } }
$answer.thrown = Get-Refusal -Call { Invoke-Command @guest -ErrorAction Stop -ScriptBlock { throw [System.InvalidOperationException]::new('ended') } }

$first = Invoke-Command @guest -ScriptBlock {
    $global:left = 1
    New-Module -Name 'Left' -ScriptBlock { function Get-Left { 'left' } } | Import-Module -Global
    "$PID"
}
$answer.left = [string](Invoke-Command @guest -ScriptBlock { "$([bool](Get-Variable -Name 'left' -Scope Global -ErrorAction Ignore)) $([bool](Get-Command -Name 'Get-Left' -ErrorAction Ignore))" })
$answer.kept = [string](Invoke-Command @guest -ScriptBlock { "$PID" }) -eq $first

$answer.killed = Get-Refusal -Call { Invoke-Command @guest -ErrorAction Stop -ScriptBlock { [System.Diagnostics.Process]::GetCurrentProcess().Kill(); Start-Sleep -Seconds 600 } }
$answer.again = [string](Invoke-Command @guest -ScriptBlock { 'answers' })

$boot = [string](Invoke-Command @guest -ScriptBlock { (Get-CimInstance -ClassName 'Win32_OperatingSystem').LastBootUpTime.Ticks })
$answer.planned = [int](Invoke-Command @guest -ScriptBlock { (Start-Process -FilePath 'shutdown.exe' -ArgumentList '/r', '/t', '1' -PassThru -Wait).ExitCode })
$answer.restarted = Get-Refusal -Call { Invoke-Command @guest -ErrorAction Stop -ScriptBlock { Start-Sleep -Seconds 600 } }
$answer.rebooted = [string](Invoke-Command @guest -ScriptBlock { (Get-CimInstance -ClassName 'Win32_OperatingSystem').LastBootUpTime.Ticks }) -ne $boot

# A disk that never booted, with an answer file.
$null = New-VHD -Path 'C:\Labs\new.vhdx' -ParentPath 'C:\Images\ws2022.vhdx' -Differencing
$number = (Mount-VHD -Path 'C:\Labs\new.vhdx' -NoDriveLetter -Passthru).DiskNumber
if ($null -eq $number) {
    $number = (Get-VHD -Path 'C:\Labs\new.vhdx').DiskNumber
}
Set-Disk -Number $number -IsOffline $false
Set-Disk -Number $number -IsReadOnly $false
$place = [System.IO.Path]::Combine([System.Environment]::CurrentDirectory, 'seed')
$null = [System.IO.Directory]::CreateDirectory($place)
$windows = Get-Partition -DiskNumber $number | Where-Object -FilterScript { $_.Type -eq 'Basic' }
Add-PartitionAccessPath -DiskNumber $number -PartitionNumber $windows.PartitionNumber -AccessPath $place
$null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($place, 'Windows', 'Panther'))
[System.IO.File]::WriteAllText([System.IO.Path]::Combine($place, 'Windows', 'Panther', 'unattend.xml'), @'
<unattend xmlns="urn:schemas-microsoft-com:unattend"><settings pass="specialize"><component><ComputerName>nest-9</ComputerName></component></settings>
<settings pass="oobeSystem"><component><UserAccounts><AdministratorPassword><Value>Ne-w1</Value><PlainText>true</PlainText></AdministratorPassword></UserAccounts></component></settings></unattend>
'@)
Dismount-VHD -Path 'C:\Labs\new.vhdx'
$vm = New-VM -Name 'new' -MemoryStartupBytes 1GB -Generation 2 -VHDPath 'C:\Labs\new.vhdx'
Start-VM -Name 'new'
$new = @{ VMId = $vm.Id; Credential = [pscredential]::new('Administrator', (ConvertTo-SecureString -String 'Ne-w1' -AsPlainText -Force)) }
$answer.firstBoot = [string](Invoke-Command @new -ScriptBlock { "$((Get-CimInstance -ClassName 'Win32_ComputerSystem').Name) $([System.IO.File]::ReadAllText('Panther/unattend.xml').Contains('Ne-w1'))" })
$answer.foreign = Get-Refusal -Call { Invoke-Command -VMId $vm.Id -Credential $guest.Credential -ErrorAction Stop -ScriptBlock { 1 } }
[System.Console]::Out.WriteLine((ConvertTo-Json -InputObject $answer -Depth 5 -Compress))
