# Access lists as a table, because this system has none: what is set, on what, and how many files it holds by then.
$script:lists = @{}
$script:log = @()
$script:broken = $false
function global:Get-Acl {
    param([string]$LiteralPath)
    $list = $script:lists[$LiteralPath]
    if ($null -eq $list) { $list = @{ Owner = 'O:S-1-5-21-1-2-3-1001'; Access = 'D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)' } }
    $found = [pscustomobject]$list
    Add-Member -InputObject $found -MemberType ScriptMethod -Name 'GetSecurityDescriptorSddlForm' -Value { param($Part) $this.$Part }
    return $found
}
function global:Set-Acl {
    param([string]$LiteralPath, [object]$AclObject)
    if ($script:broken) { throw 'no right to do so' }
    $script:log += '{0}|{1}|{2}' -f $LiteralPath, $AclObject.Text, [System.IO.Directory]::GetFiles($LiteralPath).Length
    $cut = $AclObject.Text.IndexOf('D:')
    $script:lists[$LiteralPath] = @{ Owner = $AclObject.Text.Substring(0, $cut); Access = $AclObject.Text.Substring($cut) }
}
function global:New-Object {
    param([string]$TypeName, [object[]]$ArgumentList)
    if ($TypeName -notlike 'System.Security.AccessControl.*') { return Microsoft.PowerShell.Utility\New-Object @PSBoundParameters }
    $made = [pscustomobject]@{ Text = ''; TypeName = $TypeName }
    Add-Member -InputObject $made -MemberType ScriptMethod -Name 'SetSecurityDescriptorSddlForm' -Value { param($Text) $this.Text = $Text }
    return $made
}
function Invoke-Once {
    param([string]$Number)
    $script:log = @()
    try { $status = (Invoke-NestedCall -Name 'Set-NestedThing' -CallId "job_1.step.0#$Number").Status }
    catch { $status = $_.FullyQualifiedErrorId }
    return [ordered]@{ status = $status; log = $script:log }
}
$env:MATRYOSHKA_JOURNAL = ''
$root = [System.IO.Path]::Combine($env:ProgramData, 'Matryoshka')
$journal = [System.IO.Path]::Combine($root, 'journal')
$answer = [ordered]@{ root = $root; fresh = Invoke-Once -Number 1; again = Invoke-Once -Number 2 }
$closed = 'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'
foreach ($wrong in 'O:BA|D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)', "O:SY|$closed", "O:BA|$closed(A;;FR;;;WD)", 'O:BA|') {
    $owner, $access = $wrong.Split('|')
    $script:lists[$journal] = @{ Owner = $owner; Access = $access }
    $answer[$wrong] = Invoke-Once -Number 3
    $script:lists[$root] = @{ Owner = $owner; Access = $access }
    $answer["root $wrong"] = Invoke-Once -Number 3
}
# A folder that somebody else made is put aside with what is in it: what he planted is no answer, the call runs.
$script:lists[$journal] = @{ Owner = 'O:S-1-5-21-1-2-3-1001'; Access = $closed }
$planted = Invoke-Once -Number 3
$script:lists[$root] = @{ Owner = 'O:S-1-5-21-1-2-3-1001'; Access = $closed }
$script:lists.Remove($journal)
$whole = Invoke-Once -Number 3
$answer.foreign = [ordered]@{
    journal = $planted
    root    = $whole
    aside   = @([System.IO.Directory]::GetDirectories($root, '*.foreign-*').Length, [System.IO.Directory]::GetDirectories($env:ProgramData, 'Matryoshka.foreign-*').Length)
}
$script:lists[$journal] = @{ Owner = 'O:BA'; Access = '' }
$script:broken = $true
$answer.broken = Invoke-Once -Number 4
$answer.ran = [System.IO.File]::ReadAllLines($env:MK_MARK).Length
