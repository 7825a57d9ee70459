# Runs scripts one after another in this one process, each in a runspace of its own: an engine takes seconds to start, a runspace a tenth.
# A line of JSON a script on standard input: its path, the folder that it is in, and environment variables. One line of JSON each on standard
# output: what the script wrote last, or its error. Nothing that a script does to the environment is there for the next.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$utility = @(Get-Module -ListAvailable -Name 'Microsoft.PowerShell.Utility')[0].Path
$environment = [System.Environment]::GetEnvironmentVariables()

function Reset-Environment {
    param([System.Collections.IDictionary]$Own)

    foreach ($name in @([System.Environment]::GetEnvironmentVariables().Keys)) {
        if (-not $environment.Contains($name)) {
            [System.Environment]::SetEnvironmentVariable($name, $null)
        }
    }
    foreach ($given in $environment, $Own) {
        foreach ($name in $given.Keys) {
            [System.Environment]::SetEnvironmentVariable($name, $given[$name])
        }
    }
}

function Invoke-Script {
    param([string]$Path)

    $runspace = [runspacefactory]::CreateRunspace()
    $runspace.Open()
    try {
        $null = $runspace.SessionStateProxy.Path.SetLocation([System.Environment]::CurrentDirectory)
        $shell = [powershell]::Create()
        $shell.Runspace = $runspace
        # By its path: the search for the module of the first cmdlet costs more than the module.
        $null = $shell.AddCommand('Import-Module').AddParameter('Name', $utility).AddParameter('Global').Invoke()
        $shell.Commands.Clear()
        # As -File does it: in the global scope, where a module sees the functions of the script.
        $null = $shell.AddScript(". '$($Path.Replace("'", "''"))'", $false)
        return [string]@($shell.Invoke())[-1]
    }
    finally {
        $runspace.Dispose()
    }
}

while ($null -ne ($line = [System.Console]::In.ReadLine())) {
    $given = ConvertFrom-Json -InputObject $line -AsHashtable
    $answer = @{ output = ''; error = '' }
    try {
        Reset-Environment -Own $given.environment
        [System.Environment]::CurrentDirectory = $given.folder
        $answer.output = Invoke-Script -Path $given.script
    }
    catch {
        $answer.error = "$($_.Exception) $($_.ScriptStackTrace)"
    }
    [System.Console]::Out.WriteLine((ConvertTo-Json -InputObject $answer -Compress))
}
