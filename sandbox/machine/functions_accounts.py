"""Local accounts of a guest."""

from __future__ import annotations

from sandbox.machine.api import SecretText
from sandbox.machine.call import Call
from sandbox.machine.errors import COR_E_EXCEPTION, PsError
from sandbox.machine.function import Function, Record

_COMMANDS = "Microsoft.PowerShell.Commands"
_LONGEST = 127


def set_password(call: Call, *, UserName: str, Password: SecretText) -> Record:
    """Set-LocalUser: it does not say whether the password was another one before."""
    if not call.should("Set-LocalUser", UserName):
        return {"Changed": False, "UserName": UserName}
    call.sleep(1)
    with call.realm.lock:
        if UserName.lower() not in call.machine.accounts:
            raise _refusal("UserNotFound", "ObjectNotFound", f"User {UserName} was not found.")
        if len(Password.value) > _LONGEST or call.realm.faults.password_refused:
            raise _refusal("InvalidPassword", "InvalidArgument", "Unable to update the password.")
        call.machine.accounts[UserName.lower()] = call.realm.password_hash(Password.value)
        call.effect("password_set", UserName.lower())
    return {"Changed": True, "UserName": UserName}


def _refusal(word: str, category: str, text: str) -> PsError:
    kind = f"{_COMMANDS}.{word}Exception"
    return PsError(
        f"{word},{_COMMANDS}.SetLocalUserCommand", category, text, exception_type=kind, hresult=COR_E_EXCEPTION
    )


TABLE = (Function("Set-NestedGuestPassword", set_password, changes=True),)
