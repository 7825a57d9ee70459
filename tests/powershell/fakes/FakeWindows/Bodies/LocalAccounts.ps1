# Set-LocalUser.
#
#   behaviour                                                                     | mark       | source
#   no such account: UserNotFound, ObjectNotFound, UserNotFoundException          | documented | PSSource LocalAccounts/Exceptions.cs
#   a password that Windows does not take: InvalidPassword, InvalidArgument,      | documented | the same file; its tests of NewLocalUserCommand show
#     InvalidPasswordException                                                    |            | the id for a password that is too long
#   the errors do not terminate                                                   | documented | PSSource SetLocalUserCommand: WriteError
#   which passwords those are                                                     | uncertain  | longer than 127 characters here; a policy's own
#                                                                                 |            | refusals are ordered (faults)
#   HRESULT of the exceptions: .NET's 0x80131500                                  | uncertain  | no number is set in the source
#   who is no administrator: AccessDenied, PermissionDenied                       | -          | not modelled: guests log on as administrators

Add-FakeBody -Name 'Set-LocalUser' -Body {
    param($Call)
    $name = [string]$Call.Bound['Name']
    if (-not $Call.Machine.accounts.ContainsKey($name.ToLowerInvariant())) {
        return New-FakeError -Call $Call -Id 'UserNotFound' -Category ObjectNotFound -Text 'UserMissing' -Argument $name -Target $name -Exception 'Microsoft.PowerShell.Commands.UserNotFoundException'
    }
    if (-not $Call.Bound.ContainsKey('Password') -or -not (Test-FakeShould -Call $Call -Target $name)) {
        return
    }
    $plain = [System.Net.NetworkCredential]::new('', $Call.Bound.Password).Password
    if ($plain.Length -gt 127) {
        return New-FakeError -Call $Call -Id 'InvalidPassword' -Category InvalidArgument -Text 'PasswordInvalid' -Exception 'Microsoft.PowerShell.Commands.InvalidPasswordException'
    }
    $Call.Machine.accounts[$name.ToLowerInvariant()] = $plain
    $Call.World.calls += , @($Call.Machine.uid, $Call.Name, $name)
}
