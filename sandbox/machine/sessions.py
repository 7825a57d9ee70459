"""Sessions into a guest: PowerShell Direct by VM id, or WinRM by name or address, with the guest's own accounts.

What is refused and how: docs/sources.md H10 (PowerShell Direct) and H20 (filtered token).
"""

from __future__ import annotations

from uuid import UUID

from sandbox.machine import network, winerrors
from sandbox.machine.api import Credential
from sandbox.machine.call import Call, Logon
from sandbox.machine.errors import PsError
from sandbox.machine.life import BUILTIN, RUNNING, guest_of, stage
from sandbox.machine.model import Machine
from sandbox.machine.realm import Realm


def open_session(call: Call, vm_id: UUID | None, computer_name: str, credential: Credential) -> Call:
    """The context inside the guest. Raises GuestNotReady, GuestCredentialRejected, GuestModuleRefused, Windows' own."""
    with call.realm.lock:
        guest = _by_id(call, vm_id) if vm_id is not None else _by_name(call, computer_name)
        if not accepts(call.realm, guest, credential):
            text = "The credential is invalid."
            raise call.refuse("GuestCredentialRejected", "AuthenticationError", text, guest.computer_name)
        _flake(call, guest)
        if call.realm.faults.module_refused:
            raise call.refuse("GuestModuleRefused", "InvalidData", "the module does not match", guest.computer_name)
        # PowerShell Direct is a local logon, so only WinRM filters the token.
        direct = vm_id is not None
        return call.inside(guest, Logon(credential.username, direct or full_token(guest, credential.username)))


def _by_id(call: Call, vm_id: UUID) -> Machine:
    vm = call.machine.vms.get(str(vm_id))
    if vm is None:
        text = "The input VMId parameter does not resolve to a single virtual machine."
        raise winerrors.session_id("InvalidVMIdNotSingle", text)
    if vm.state != RUNNING:
        raise winerrors.session_id("InvalidVMState", f"The virtual machine {vm.name} is not in running state.")
    guest = guest_of(call.machine, vm)
    if guest is None or stage(call.realm, guest) == "no_session":
        raise call.refuse("GuestNotReady", "ResourceUnavailable", "no session answers yet", vm.name)
    return guest


def _by_name(call: Call, computer_name: str) -> Machine:
    if not computer_name:
        raise PsError(
            f"AmbiguousParameterSet,{call.name}",
            "InvalidArgument",
            "Parameter set cannot be resolved using the specified named parameters.",
            exception_type="System.Management.Automation.ParameterBindingException",
        )
    guest = network.find(call.realm, call.machine, computer_name)
    if guest is None:
        raise call.refuse("GuestNotReady", "ResourceUnavailable", "the computer does not answer", computer_name)
    return guest


def _flake(call: Call, guest: Machine) -> None:
    every = call.realm.faults.flaky_guest
    number = call.realm.sessions.get(guest.uid, 0) + 1
    call.realm.sessions[guest.uid] = number
    if every and number % every == 0:
        raise call.refuse("GuestNotReady", "ResourceUnavailable", "the session broke", guest.computer_name)


def accepts(realm: Realm, guest: Machine, credential: Credential) -> bool:
    """Whether the guest knows this name and password, local or of its domain."""
    account = account_of(credential.username)
    hashed = realm.password_hash(credential.password.value)
    if guest.accounts.get(account) == hashed and credential.password.value:
        return True
    for domain in realm.config.domains:
        if guest.domain.lower() == domain.name.lower() and account == domain.username.lower():
            return credential.password.value == domain.password
    return False


def account_of(username: str) -> str:
    """The account without machine, domain or suffix, in small letters."""
    return username.rsplit("\\", maxsplit=1)[-1].split("@", maxsplit=1)[0].lower()


def full_token(machine: Machine, username: str) -> bool:
    """Whether a network logon of this local administrator is not filtered."""
    return machine.token_filter_policy or account_of(username) == BUILTIN or bool(machine.domain)
