# Part of Install-Matryoshka.ps1, which runs it: its parameters and $PSCmdlet are seen here.
$groupDescription = 'May open the endpoint Matryoshka (installer)'

function Test-DomainGroup {
    # Whether the group was given as 'DOMAIN\name': then it is the domain's, and nothing is made or changed.
    return $OperatorGroup.Contains('\')
}

function Get-OperatorName {
    # The group as the session configuration names it. A local one needs the computer's name: neither '.' nor localhost will do.
    if (Test-DomainGroup) {
        return $OperatorGroup
    }
    return '{0}\{1}' -f [System.Environment]::MachineName, $OperatorGroup
}

function Find-LocalGroup {
    # The local groups that a script block takes. By listing: an absent name is an error.
    param([scriptblock]$Filter)

    return @(Get-LocalGroup -ErrorAction Stop | Where-Object -FilterScript $Filter)
}

function Set-OperatorGroup {
    # Makes the local group, if it is not there, and puts the members into it. Whom it has already it keeps.
    if (Test-DomainGroup) {
        Write-Row -What 'Group' -Value $OperatorGroup -Changed $false
        return
    }
    $group = Find-LocalGroup -Filter { $_.Name -eq $OperatorGroup } | Select-Object -First 1
    $changed = $false
    if ($null -eq $group -and $PSCmdlet.ShouldProcess($OperatorGroup, 'New local group')) {
        $group = New-LocalGroup -Name $OperatorGroup -Description $groupDescription -ErrorAction Stop
        $changed = $true
    }
    Write-Row -What 'Group' -Value (Get-OperatorName) -Changed $changed
    foreach ($name in $Member) {
        Add-OperatorMember -Group $group -Name $name
    }
}

function Add-OperatorMember {
    # Puts one account into the group, which its SID names from here on: names of groups and accounts can be translated or renamed.
    param([object]$Group, [string]$Name)

    $changed = $false
    if (-not (Test-OperatorMember -Group $Group -Name $Name) -and $PSCmdlet.ShouldProcess($Name, "Add to group $OperatorGroup")) {
        $changed = $true
        try {
            Add-LocalGroupMember -SID $Group.SID -Member $Name -ErrorAction Stop
        }
        catch {
            # Given in another spelling than the group shows, or the group could not be listed.
            if ($_.FullyQualifiedErrorId -notlike 'MemberExists,*') {
                throw
            }
            $changed = $false
        }
    }
    Write-Row -What 'Member' -Value $Name -Changed $changed
}

function Test-OperatorMember {
    # Whether the group shows an account. $false when it cannot be listed: one member whose account is gone is enough for that
    # (PowerShell/PowerShell#2996).
    param([object]$Group, [string]$Name)

    if ($null -eq $Group) {
        return $false
    }
    try {
        $present = @(Get-LocalGroupMember -SID $Group.SID -ErrorAction Stop)
    }
    catch {
        Write-Verbose -Message "The members of $OperatorGroup cannot be listed: $($_.Exception.Message)"
        return $false
    }
    $names = @($Name, ('{0}\{1}' -f [System.Environment]::MachineName, $Name))
    return @($present | Where-Object -FilterScript { $names -contains $_.Name -or $Name -eq [string]$_.SID }).Count -gt 0
}

function Remove-OperatorGroup {
    # Removes the group that this script made, whatever its name; a group that was there before stays, with its members.
    foreach ($group in (Find-LocalGroup -Filter { $_.Description -eq $groupDescription })) {
        $changed = $false
        if ($PSCmdlet.ShouldProcess($group.Name, 'Remove local group')) {
            Remove-LocalGroup -SID $group.SID -ErrorAction Stop
            $changed = $true
        }
        Write-Row -What 'Group' -Value $group.Name -Changed $changed
    }
}
