# Says what the engine sees of the module: functions, parameters, help, commands called. Input: $module (a folder).
$ErrorActionPreference = 'Stop'
$common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
$functions = @{}
foreach ($command in Get-Command -Module 'Matryoshka') {
    $help = Get-Help -Name $command.Name -Full
    $described = @{}
    if ($null -ne $help.PSObject.Properties['parameters'] -and $null -ne $help.parameters.PSObject.Properties['parameter']) {
        foreach ($parameter in @($help.parameters.parameter)) {
            $described[[string]$parameter.name] = [bool]$parameter.PSObject.Properties['description']
        }
    }
    $parameters = @{}
    foreach ($name in $command.Parameters.Keys) {
        if ($common -notcontains $name) {
            $mandatory = $true
            foreach ($set in $command.Parameters[$name].ParameterSets.Values) {
                $mandatory = $mandatory -and $set.IsMandatory
            }
            $parameters[$name] = @{ type = $command.Parameters[$name].ParameterType.FullName; mandatory = $mandatory; described = [bool]$described[$name] }
        }
    }
    $functions[$command.Name] = @{
        parameters = $parameters
        whatif     = $command.Parameters.ContainsKey('WhatIf')
        synopsis   = [string]$help.Synopsis
        examples   = @($help.examples.example).Count
        outputs    = [string]@($help.returnValues.returnValue)[0].type.name
    }
}
$verbs = foreach ($group in 'Common', 'Communications', 'Data', 'Diagnostic', 'Lifecycle', 'Other', 'Security') {
    [type]"System.Management.Automation.Verbs$group" | ForEach-Object -Process { $_.GetFields() } | ForEach-Object -Process { $_.Name }
}
$broken = @()
$calls = foreach ($file in [System.IO.Directory]::GetFiles($module, '*.ps*1', 'AllDirectories')) {
    $tokens = $null
    $errors = $null
    $ast = [System.Management.Automation.Language.Parser]::ParseFile($file, [ref]$tokens, [ref]$errors)
    $broken += @($errors | ForEach-Object -Process { '{0}: {1}' -f $file, $_.ErrorId })
    foreach ($call in $ast.FindAll({ param($node) $node -is [System.Management.Automation.Language.CommandAst] }, $true)) {
        $elements = $call.CommandElements
        $given = @()
        $positional = 0
        for ($i = 1; $i -lt $elements.Count; $i++) {
            $before = $elements[$i - 1]
            if ($elements[$i] -is [System.Management.Automation.Language.CommandParameterAst]) {
                $given += $elements[$i].ParameterName
            }
            elseif (-not ($before -is [System.Management.Automation.Language.CommandParameterAst] -and $null -eq $before.Argument) -and -not ($elements[$i] -is [System.Management.Automation.Language.VariableExpressionAst] -and $elements[$i].Splatted)) {
                $positional++
            }
        }
        @{ file = [System.IO.Path]::GetFileName($file); line = $call.Extent.StartLineNumber; name = $call.GetCommandName(); parameters = $given; positional = $positional }
    }
}
$strict = 'off'
try {
    & (Get-Module -Name 'Matryoshka') { $nothingOfThisName }
}
catch {
    $strict = $_.FullyQualifiedErrorId
}
$answer = @{
    functions  = $functions
    verbs      = @($verbs)
    broken     = $broken
    calls      = @($calls)
    strict     = $strict
    preference = [string](& (Get-Module -Name 'Matryoshka') { $ErrorActionPreference })
    global     = [string]$global:ErrorActionPreference
    info       = Get-NestedModuleInfo
}
ConvertTo-Json -InputObject $answer -Depth 8 -Compress
