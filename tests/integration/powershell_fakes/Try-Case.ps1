# Tries pieces of script as a machine of the pretended Windows. Cases: a JSON file {name: script}. One line of JSON: {name: {value, warnings, id,
# category, type, hresult}}, id '' where nothing ended the piece.
param(
    [string]$Start,

    [string]$Cases
)
Set-StrictMode -Version 3.0
. $Start

function Invoke-Case {
    # What one piece puts out, warns of, and what ends it.
    param([string]$Script)

    $ErrorActionPreference = 'Stop'
    $answer = @{ value = @(); warnings = 0; id = ''; category = ''; type = ''; hresult = 0 }
    try {
        $all = @(& ([scriptblock]::Create($Script)) 3>&1)
        $answer.warnings = @($all | Where-Object -FilterScript { $_ -is [System.Management.Automation.WarningRecord] }).Count
        $answer.value = @($all | Where-Object -FilterScript { $_ -isnot [System.Management.Automation.WarningRecord] })
    }
    catch {
        $answer.id = $_.FullyQualifiedErrorId
        $answer.category = $_.CategoryInfo.Category.ToString()
        $answer.type = $_.Exception.GetType().FullName
        $answer.hresult = $_.Exception.HResult
    }
    return $answer
}

$answers = [ordered]@{}
$given = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($Cases)) -AsHashtable
foreach ($name in $given.Keys) {
    $answers[$name] = Invoke-Case -Script $given[$name]
}
[System.Console]::Out.WriteLine((ConvertTo-Json -InputObject $answers -Depth 6 -Compress -WarningAction SilentlyContinue))
