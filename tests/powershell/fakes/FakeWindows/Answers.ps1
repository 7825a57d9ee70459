# What bodies answer: objects of Windows' types, errors with Windows' ids and the machine's language, warnings.

function New-FakeObject {
    # An object of a made type. A property that the type does not have is a mistake of the body and throws.
    param([string]$Type, [System.Collections.IDictionary]$Property)

    $found = $script:Types.GetType($Type)
    if ($null -eq $found) {
        throw "There is no type $Type in the tables."
    }
    $made = [System.Activator]::CreateInstance($found)
    foreach ($name in $Property.Keys) {
        $made.$name = $Property[$name]
    }
    return $made
}

function New-FakeRow {
    # An object whose type the tables do not have (a CIM instance): its properties are what Microsoft's page of the class lists.
    param([string]$TypeName, [System.Collections.IDictionary]$Property)

    $made = [pscustomobject]$Property
    $made.PSObject.TypeNames.Insert(0, $TypeName)
    return $made
}

function Get-FakeText {
    # A message in the machine's language: Windows translates texts, never ids.
    param([hashtable]$World, [string]$Key, [object[]]$Argument = @())

    $table = $script:Texts[$World.language]
    if (-not $table.ContainsKey($Key)) {
        throw "Texts.json has no text $Key in $($World.language)."
    }
    return $table[$Key] -f $Argument
}

function New-FakeError {
    # A non-terminating error. The engine appends the cmdlet's class (or function) to the id. Exception: a type name.
    param(
        [hashtable]$Call,
        [string]$Id,
        [System.Management.Automation.ErrorCategory]$Category,
        [string]$Text,
        [object[]]$Argument = @(),
        [object]$Target = $null,
        [string]$Exception = 'System.Exception',
        [long]$HResult = 0
    )
    $type = $script:Types.GetType($Exception)
    if ($null -eq $type) {
        $type = [type]$Exception
    }
    $made = [System.Activator]::CreateInstance($type, [object[]]@(Get-FakeText -World $Call.World -Key $Text -Argument $Argument))
    if ($HResult -ne 0) {
        $made.HResult = [System.BitConverter]::ToInt32([System.BitConverter]::GetBytes($HResult), 0)
    }
    # The comma keeps the record an object here: an unrolled one would be taken for an error of the body.
    return [System.Management.Automation.ErrorRecord]::new($made, $Id, $Category, $Target)
}

function New-FakeRefusal {
    # A terminating error; parameters as New-FakeError.
    param(
        [hashtable]$Call,
        [string]$Id,
        [System.Management.Automation.ErrorCategory]$Category,
        [string]$Text,
        [object[]]$Argument = @(),
        [object]$Target = $null,
        [string]$Exception = 'System.Exception',
        [long]$HResult = 0
    )
    $refusal = [FakeWindows.Refusal]::new()
    $refusal.Record = New-FakeError @PSBoundParameters
    return $refusal
}

function New-FakeWarning {
    # A warning.
    param([hashtable]$Call, [string]$Text, [object[]]$Argument = @())

    return [System.Management.Automation.WarningRecord]::new((Get-FakeText -World $Call.World -Key $Text -Argument $Argument))
}

function Test-FakeShould {
    # Whether -WhatIf and -Confirm let the cmdlet act.
    param([hashtable]$Call, [string]$Target, [string]$Action = '')

    if ($Action -eq '') {
        $Action = $Call.Name
    }
    return $Call.Cmdlet.ShouldProcess($Target, $Action)
}

function New-FakeId {
    # A GUID that no other object of this world has, the same in every run.
    param([hashtable]$World)

    $World.sequence++
    return '{0:x8}-0000-4000-8000-{1:x12}' -f $World.sequence, $World.sequence
}

function Get-FakeNow {
    # Now, as text that sorts.
    return [datetime]::UtcNow.ToString('o', [System.Globalization.CultureInfo]::InvariantCulture)
}
