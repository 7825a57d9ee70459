# Says what PowerShell's own parser sees in sources. -Path: a JSON file, [{"name", "path" or "text"}]. Answer: one line of JSON,
# for each source its parse errors, refusals ("rule", "line"), functions, commands, guards, .NET members and types.
param([string]$Path)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3.0
$newVariables = '\A(IsWindows|IsLinux|IsMacOS|IsCoreCLR|PSStyle|EnabledExperimentalFeatures|PSNativeCommandUseErrorActionPreference)\z'
$told = @{}
'FunctionDefinition', 'Command', 'InvokeMemberExpression', 'MemberExpression', 'TypeExpression', 'TypeConstraint', 'Attribute', 'Hashtable', 'AssignmentStatement' | ForEach-Object -Process { $told["$($_)Ast"] = $true }
$looked = $told.Clone()
'TernaryExpression', 'PipelineChain', 'TypeDefinition', 'UsingStatement', 'UsingExpression', 'IndexExpression', 'Pipeline', 'BinaryExpression', 'AssignmentStatement', 'ScriptBlock', 'ConvertExpression', 'VariableExpression', 'StringConstantExpression', 'ExpandableStringExpression' | ForEach-Object -Process { $looked["$($_)Ast"] = $true }

function Test-Node {
    param([object]$Node, [string]$Kind)
    return $null -ne $Node -and $Node.GetType().Name -eq $Kind
}

function Get-Owner {
    # The function in which a node stands: its name, or '' for the file itself.
    param([object]$Node)
    for ($up = $Node.Parent; $null -ne $up; $up = $up.Parent) {
        if (Test-Node -Node $up -Kind 'FunctionDefinitionAst') { return $up }
    }
    return $null
}

function Get-Value {
    # A literal as {"literal": value}, anything else as {"kind": the node's type}. An array of literals is a literal.
    param([object]$Node)
    $kind = $Node.GetType().Name
    if ($kind -eq 'StringConstantExpressionAst' -or $kind -eq 'ConstantExpressionAst') { return @{ literal = $Node.Value } }
    if ($kind -eq 'VariableExpressionAst' -and 'true', 'false', 'null' -contains $Node.VariablePath.UserPath) {
        return @{ literal = @{ 'true' = $true; 'false' = $false; 'null' = $null }[$Node.VariablePath.UserPath] }
    }
    if ($kind -eq 'ArrayLiteralAst') {
        $inner = @($Node.Elements | ForEach-Object -Process { Get-Value -Node $_ })
        if (@($inner | Where-Object -FilterScript { -not $_.ContainsKey('literal') }).Count -eq 0) {
            return @{ literal = @($inner | ForEach-Object -Process { $_.literal }) }
        }
    }
    if ($kind -eq 'ConvertExpressionAst') { return @{ kind = $kind; type = $Node.Type.TypeName.FullName } }
    return @{ kind = $kind }
}

function Get-Pair {
    # The keys of a hashtable literal with their values.
    param([object]$Table)
    foreach ($pair in $Table.KeyValuePairs) {
        $value = @{ kind = $pair.Item2.GetType().Name }
        if ($pair.Item2 -is [System.Management.Automation.Language.PipelineAst] -and $null -ne $pair.Item2.GetPureExpression()) {
            $value = Get-Value -Node $pair.Item2.GetPureExpression()
        }
        @{ parameter = $pair.Item1.Extent.Text.Trim("'"); value = $value }
    }
}

function Get-Branch {
    # The if clauses around a node that are not around the call, outermost last: [{"at", "clause"}].
    param([object]$Node, [object]$Call)
    for ($up = $Node.Parent; $null -ne $up -and -not (Test-Node -Node $up -Kind 'FunctionDefinitionAst'); $up = $up.Parent) {
        if (-not (Test-Node -Node $up -Kind 'IfStatementAst') -or ($up.Extent.StartOffset -le $Call.Extent.StartOffset -and $up.Extent.EndOffset -ge $Call.Extent.EndOffset)) { continue }
        $clause = -1
        for ($i = 0; $i -lt $up.Clauses.Count; $i++) {
            $body = $up.Clauses[$i].Item2.Extent
            if ($body.StartOffset -le $Node.Extent.StartOffset -and $body.EndOffset -ge $Node.Extent.EndOffset) { $clause = $i }
        }
        if ($clause -lt 0) { $clause = $up.Clauses.Count }
        @{ at = $up.Extent.StartOffset; clause = $clause }
    }
}

function Get-Splat {
    # What a splatted variable holds, as far as its own function says: events in order, or $null when it is not made here.
    param([string]$Name, [object]$Call)
    $owner = Get-Owner -Node $Call
    $root = $Call
    if ($null -ne $owner) { $root = $owner.Body } else { while ($null -ne $root.Parent) { $root = $root.Parent } }
    foreach ($one in $root.FindAll({ param($node) $node -is [System.Management.Automation.Language.AssignmentStatementAst] }, $false)) {
        if ($one.Extent.StartOffset -gt $Call.Extent.StartOffset) { continue }
        $right = $one.Right
        $value = $null
        if ($right -is [System.Management.Automation.Language.CommandExpressionAst]) { $value = $right.Expression }
        elseif ($right -is [System.Management.Automation.Language.PipelineAst]) { $value = $right.GetPureExpression() }
        $branch = @(Get-Branch -Node $one -Call $Call)
        $left = $one.Left
        if ((Test-Node -Node $left -Kind 'VariableExpressionAst') -and $left.VariablePath.UserPath -eq $Name) {
            $table = Test-Node -Node $value -Kind 'HashtableAst'
            $pairs = @()
            if ($table) { $pairs = @(Get-Pair -Table $value) }
            @{ whole = $true; known = $table; branch = $branch; pairs = $pairs }
        }
        elseif (((Test-Node -Node $left -Kind 'MemberExpressionAst') -or (Test-Node -Node $left -Kind 'IndexExpressionAst'))) {
            $target = $left.PSObject.Properties['Expression']
            $member = $left.PSObject.Properties['Member']
            if ($null -eq $target) { $target = $left.PSObject.Properties['Target'] }
            if ($null -eq $member) { $member = $left.PSObject.Properties['Index'] }
            if ($target.Value.Extent.Text -eq "`$$Name") {
                $known = Test-Node -Node $member.Value -Kind 'StringConstantExpressionAst'
                $inner = @{ kind = 'unknown' }
                if ($null -ne $value) { $inner = Get-Value -Node $value }
                @{ whole = $false; known = $known; branch = $branch; pairs = @(@{ parameter = $member.Value.Extent.Text.Trim("'"); value = $inner }); at = $one.Extent.StartOffset }
            }
        }
    }
}

function Test-Yes {
    # Whether a condition is true only if ShouldProcess said yes: it is that call, alone or with others behind -and.
    param([object]$Node)
    switch ($Node.GetType().Name) {
        'PipelineAst' {
            $inner = $Node.GetPureExpression()
            return $null -ne $inner -and (Test-Yes -Node $inner)
        }
        'ParenExpressionAst' { return Test-Yes -Node $Node.Pipeline }
        'InvokeMemberExpressionAst' { return $Node.Member.Extent.Text -eq 'ShouldProcess' }
        'BinaryExpressionAst' { return [string]$Node.Operator -eq 'And' -and ((Test-Yes -Node $Node.Left) -or (Test-Yes -Node $Node.Right)) }
    }
    return $false
}

function Test-Asked {
    # Whether a node runs only after ShouldProcess said yes.
    param([object]$Node)
    $child = $Node
    for ($up = $Node.Parent; $null -ne $up; $up = $up.Parent) {
        if (Test-Node -Node $up -Kind 'IfStatementAst') {
            for ($i = 0; $i -lt $up.Clauses.Count; $i++) {
                $text = $up.Clauses[$i].Item1.Extent.Text
                if ([object]::ReferenceEquals($up.Clauses[$i].Item2, $child) -and (Test-Yes -Node $up.Clauses[$i].Item1)) { return $true }
                $behind = $up.Clauses[$i].Item1.Extent.StartOffset -le $Node.Extent.StartOffset -and $up.Clauses[$i].Item1.Extent.EndOffset -ge $Node.Extent.EndOffset
                if ($behind -and $text -match '-and .*\.ShouldProcess\(' -and $text.IndexOf('.ShouldProcess(') -lt $Node.Extent.StartOffset - $up.Clauses[$i].Item1.Extent.StartOffset) { return $true }
            }
        }
        if ((Test-Node -Node $up -Kind 'NamedBlockAst') -or (Test-Node -Node $up -Kind 'StatementBlockAst')) {
            foreach ($statement in $up.Statements) {
                if ($statement.Extent.EndOffset -gt $Node.Extent.StartOffset) { break }
                if ((Test-Node -Node $statement -Kind 'IfStatementAst') -and (Test-Leaves -Body $statement.Clauses[0].Item2) -and $statement.Clauses[0].Item1.Extent.Text -match '-not \$\w+\.ShouldProcess\(') { return $true }
            }
        }
        if (Test-Node -Node $up -Kind 'FunctionDefinitionAst') { return $false }
        $child = $up
    }
    return $false
}

function Test-Leaves {
    # Whether a block ends by leaving: return, throw, continue, break or an error of ours.
    param([object]$Body)
    if ($Body.Statements.Count -eq 0) { return $false }
    $last = $Body.Statements[$Body.Statements.Count - 1]
    return $last.GetType().Name -match '\A(Return|Throw|Continue|Break|Exit)StatementAst\z' -or $last.Extent.Text -match '\AStop-MkFunction '
}

function Get-Guard {
    # Where a look for a command or a parameter holds: from where to where.
    param([object]$Look)
    $negative = $false
    for ($up = $Look.Parent; $null -ne $up -and -not (Test-Node -Node $up -Kind 'FunctionDefinitionAst'); $up = $up.Parent) {
        if ((Test-Node -Node $up -Kind 'UnaryExpressionAst') -and 'Not', 'Exclaim' -contains [string]$up.TokenKind) { $negative = -not $negative }
        if (-not (Test-Node -Node $up -Kind 'IfStatementAst')) { continue }
        foreach ($clause in $up.Clauses) {
            if ($clause.Item1.Extent.StartOffset -gt $Look.Extent.StartOffset -or $clause.Item1.Extent.EndOffset -lt $Look.Extent.EndOffset) { continue }
            if (-not $negative -and $clause.Item1.Extent.Text -notmatch ' -or ') { return @{ from = $clause.Item2.Extent.StartOffset; to = $clause.Item2.Extent.EndOffset } }
            if ($negative -and (Test-Leaves -Body $clause.Item2) -and $clause.Item1.Extent.Text -notmatch ' -and ') { return @{ from = $up.Extent.EndOffset; to = $up.Parent.Extent.EndOffset } }
        }
        return $null
    }
    return $null
}

function Get-CallFact {
    # One command call as facts.
    param([object]$Call)
    $given = @()
    $splats = @()
    $loose = 0
    $elements = $Call.CommandElements
    for ($i = 1; $i -lt $elements.Count; $i++) {
        $one = $elements[$i]
        if (Test-Node -Node $one -Kind 'CommandParameterAst') {
            $value = @{ kind = 'switch' }
            if ($null -ne $one.Argument) { $value = Get-Value -Node $one.Argument }
            elseif ($i + 1 -lt $elements.Count -and -not (Test-Node -Node $elements[$i + 1] -Kind 'CommandParameterAst') -and -not ((Test-Node -Node $elements[$i + 1] -Kind 'VariableExpressionAst') -and $elements[$i + 1].Splatted)) { $value = Get-Value -Node $elements[++$i] }
            $given += @{ parameter = $one.ParameterName; value = $value }
        }
        elseif ((Test-Node -Node $one -Kind 'VariableExpressionAst') -and $one.Splatted) {
            $splats += @{ variable = $one.VariablePath.UserPath; events = @(Get-Splat -Name $one.VariablePath.UserPath -Call $Call) }
        }
        else { $loose++ }
    }
    $pipe = $Call.Parent
    $fed = (Test-Node -Node $pipe -Kind 'PipelineAst') -and -not [object]::ReferenceEquals($pipe.PipelineElements[0], $Call)
    $module = ''
    $name = $Call.GetCommandName()
    if ([string]$name -match '\A([\w.-]+)\\([\w-]+)\z') {
        $module = $Matches[1]
        $name = $Matches[2]
    }
    @{ module = $module; name = $name; line = $Call.Extent.StartLineNumber; at = $Call.Extent.StartOffset; given = $given; splats = $splats; positional = $loose; fed = $fed; asked = (Test-Asked -Node $Call); makes = ($elements[0].Extent.Text -eq 'New-Object' -and $Call.Extent.Text -match "FileStream.*'(CreateNew|OpenOrCreate|Create|Append|Truncate)'"); text = $elements[0].Extent.Text }
}

function Get-Refusal {
    # What Windows PowerShell 5.1 cannot read, node by node.
    param([object]$Node)
    switch ($Node.GetType().Name) {
        'TernaryExpressionAst' { 'ternary' }
        'PipelineChainAst' {
            'pipeline chain'
            if ($Node.Background) { 'background' }
        }
        'PipelineAst' { if ($Node.Background) { 'background' } }
        'TypeDefinitionAst' { 'class or enum' }
        'UsingStatementAst' { 'using' }
        'UsingExpressionAst' { 'using' }
        { 'MemberExpressionAst', 'InvokeMemberExpressionAst', 'IndexExpressionAst' -contains $_ } { if ($Node.NullConditional) { 'null-conditional' } }
        'InvokeMemberExpressionAst' { if ($null -ne $Node.GenericTypeArguments -and $Node.GenericTypeArguments.Count -gt 0) { 'generic method arguments' } }
        'BinaryExpressionAst' {
            if ([string]$Node.Operator -eq 'QuestionQuestion') { 'null-coalescing' }
            elseif ([string]$Node.Operator -match 'replace' -and $Node.Right.Extent.Text -match ',\s*\{') { 'replace with a script block' }
        }
        'AssignmentStatementAst' { if ([string]$Node.Operator -eq 'QuestionQuestionEquals') { 'null-coalescing' } }
        'ScriptBlockAst' { if ($null -ne $Node.CleanBlock) { 'clean block' } }
        'ConvertExpressionAst' { if ($Node.Type.TypeName.FullName -eq 'ordered' -and -not (Test-Node -Node $Node.Child -Kind 'HashtableAst')) { 'ordered beyond a literal' } }
        'TypeExpressionAst' { if ($Node.TypeName.FullName -eq 'ordered') { 'ordered beyond a literal' } }
        'AttributeAst' { if (@($Node.NamedArguments | Where-Object -FilterScript { $_.ArgumentName -eq 'ErrorMessage' }).Count -gt 0) { 'validation message' } }
        'VariableExpressionAst' { if ($Node.VariablePath.UserPath -match $newVariables) { 'variable of 7' } }
        'StringConstantExpressionAst' { if ($Node.Value -match '\A\.{1,2}[\\/]' -and $Node.StringConstantType -ne 'BareWord') { 'relative path' } }
        { $_ -match '\A(StringConstant|ExpandableString)ExpressionAst\z' } { if ([string]$Node.StringConstantType -match 'DoubleQuoted' -and $Node.Extent.Text -match '(?<!`)(``)*`(e|u\{)') { 'escape of 7' } }
    }
}

function Get-TokenRefusal {
    # What only tokens show: number suffixes, a pipe that begins a line.
    param([object[]]$Tokens)
    $before = 'NewLine'
    foreach ($token in $Tokens) {
        $kind = [string]$token.Kind
        if ($kind -eq 'Number' -and $token.Text -notmatch '(?i)\A[+-]?(0x[0-9a-f]+l?|[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?[ld]?)([kmgtp]b)?\z') { @{ rule = 'number suffix'; line = $token.Extent.StartLineNumber } }
        if ($kind -match 'String' -and $token.Text.Contains("`n")) { @{ rule = 'string of many lines'; line = $token.Extent.StartLineNumber } }
        if ($kind -eq 'Pipe' -and $before -eq 'NewLine') { @{ rule = 'leading pipe'; line = $token.Extent.StartLineNumber } }
        if ($kind -ne 'Comment' -and $kind -ne 'LineContinuation') { $before = $kind }
    }
}

function Get-MemberFact {
    # A .NET member: whose it is (a type's name, or '' for an object's), its name, how many arguments, and the literal ones.
    param([object]$Node)
    $owner = ''
    if ($Node.Static -and (Test-Node -Node $Node.Expression -Kind 'TypeExpressionAst')) { $owner = $Node.Expression.TypeName.FullName }
    $arguments = $null
    if (Test-Node -Node $Node -Kind 'InvokeMemberExpressionAst') { $arguments = @($Node.Arguments | Where-Object -FilterScript { $null -ne $_ } | ForEach-Object -Process { Get-Value -Node $_ }) }
    $name = $Node.Member.Extent.Text
    @{ owner = $owner; static = $Node.Static; name = $name; arguments = $arguments; line = $Node.Extent.StartLineNumber; asked = (Test-Asked -Node $Node); on = $Node.Expression.Extent.Text }
}

function Get-FunctionFact {
    # A function with its parameters, in the form of cmdlets.json.
    param([object]$Node)
    $parameters = @{}
    $default = $null
    $changes = $false
    if ($null -ne $Node.Body.ParamBlock) {
        foreach ($attribute in $Node.Body.ParamBlock.Attributes) {
            foreach ($pair in $attribute.NamedArguments) {
                if ($pair.ArgumentName -eq 'DefaultParameterSetName') { $default = $pair.Argument.Value }
                if ($pair.ArgumentName -eq 'SupportsShouldProcess') { $changes = $pair.Argument.Extent.Text -eq '$true' }
            }
        }
        foreach ($one in $Node.Body.ParamBlock.Parameters) {
            $sets = @{}
            $facts = @{ type = $one.StaticType.Name }
            foreach ($attribute in $one.Attributes) {
                if ($attribute.TypeName.Name -eq 'ValidateSet') { $facts.values = @($attribute.PositionalArguments | ForEach-Object -Process { $_.Value }) }
                if ($attribute.TypeName.Name -ne 'Parameter') { continue }
                $set = '(All)'
                $rule = @{}
                foreach ($pair in $attribute.NamedArguments) {
                    if ($pair.ArgumentName -eq 'ParameterSetName') { $set = $pair.Argument.Value }
                    if ($pair.ArgumentName -eq 'Mandatory') { $rule.mandatory = $pair.Argument.Extent.Text -eq '$true' }
                }
                $sets[$set] = $rule
            }
            if ($sets.Count -eq 0) { $sets['(All)'] = @{} }
            $facts.sets = $sets
            $parameters[$one.Name.VariablePath.UserPath] = $facts
        }
    }
    @{ name = $Node.Name; line = $Node.Extent.StartLineNumber; whatif = $changes; default_set = $default; parameters = $parameters }
}

function Get-SourceFact {
    param([object]$Source)
    $tokens = $null
    $errors = $null
    $text = $Source.PSObject.Properties['text']
    if ($null -ne $text) { $ast = [System.Management.Automation.Language.Parser]::ParseInput($text.Value, [ref]$tokens, [ref]$errors) }
    else { $ast = [System.Management.Automation.Language.Parser]::ParseFile($Source.path, [ref]$tokens, [ref]$errors) }
    $facts = @{ name = $Source.name; errors = @($errors | ForEach-Object -Process { $_.ErrorId }); refusals = @(Get-TokenRefusal -Tokens $tokens); functions = @(); commands = @(); guards = @(); members = @(); types = @(); keys = @() }
    $facts.requires = ''
    if ($null -ne $ast.ScriptRequirements -and $null -ne $ast.ScriptRequirements.RequiredPSVersion) { $facts.requires = [string]$ast.ScriptRequirements.RequiredPSVersion }
    foreach ($node in $ast.FindAll({ $true }, $true)) {
        $kind = $node.GetType().Name
        if (-not $looked.ContainsKey($kind)) { continue }
        foreach ($rule in @(Get-Refusal -Node $node)) { $facts.refusals += @{ rule = $rule; line = $node.Extent.StartLineNumber } }
        if (-not $told.ContainsKey($kind)) { continue }
        $owner = Get-Owner -Node $node
        $in = ''
        if ($null -ne $owner) { $in = $owner.Name }
        switch ($kind) {
            'FunctionDefinitionAst' {
                $facts.functions += Get-FunctionFact -Node $node
            }
            'HashtableAst' { foreach ($pair in $node.KeyValuePairs) { $facts.keys += @{ function = $in; key = $pair.Item1.Extent.Text.Trim("'") } } }
            'AssignmentStatementAst' { if (Test-Node -Node $node.Left -Kind 'MemberExpressionAst') { $facts.keys += @{ function = $in; key = $node.Left.Member.Extent.Text } } }
            'CommandAst' {
                $call = Get-CallFact -Call $node
                $call.function = $in
                $facts.commands += $call
                if ('Get-Command', 'Test-MkParameter' -contains $call.name) {
                    $guard = Get-Guard -Look $node
                    if ($null -ne $guard) {
                        foreach ($pair in $call.given) { $guard[$pair.parameter] = $pair.value }
                        $facts.guards += $guard
                    }
                }
                if ($call.name -eq 'New-Object') {
                    foreach ($pair in $call.given) {
                        if ($pair.parameter -eq 'TypeName') { $facts.types += @{ name = $pair.value.literal; line = $node.Extent.StartLineNumber } }
                    }
                }
            }
            { $_ -eq 'InvokeMemberExpressionAst' -or ($_ -eq 'MemberExpressionAst' -and $node.Static) } {
                $member = Get-MemberFact -Node $node
                $member.function = $in
                $facts.members += $member
            }
            { 'TypeExpressionAst', 'TypeConstraintAst', 'AttributeAst' -contains $_ } { $facts.types += @{ name = $node.TypeName.FullName; line = $node.Extent.StartLineNumber } }
        }
    }
    return $facts
}

$answer = foreach ($source in (ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($Path)))) { Get-SourceFact -Source $source }
ConvertTo-Json -InputObject @($answer) -Depth 14 -Compress
