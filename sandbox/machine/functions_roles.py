"""Roles inside a machine, its restart and its firewall."""

from __future__ import annotations

from sandbox.machine import cpu, features
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.features import AVAILABLE
from sandbox.machine.function import Function, Record
from sandbox.machine.functions_reports import pending_reasons
from sandbox.machine.life import INSTALLED, PENDING

_INSTALL_SECONDS = 150
_CHECK_SECONDS = 10
_STEPS = 5
_NOTHING = "NoChangeNeeded"
_DONE = "Success"
_RESTART = "SuccessRestartRequired"


def _rows(call: Call, names: list[str]) -> list[Record]:
    return [{"Name": name, "InstallState": features.state_of(call.machine, name)} for name in names]


def get_role(call: Call, *, Feature: list[str]) -> Record:
    """Whether features are installed."""
    call.sleep(3)
    with call.realm.lock:
        rows = _rows(call, [features.canonical(name) for name in Feature])
        return {
            "Installed": all(row["InstallState"] == INSTALLED for row in rows),
            "Features": rows,
            "PendingReboot": bool(pending_reasons(call.machine)),
        }


def install_role(call: Call, *, Feature: list[str]) -> Record:
    """Install features; where ServerManager is blind to flags that are there, by DISM."""
    with call.realm.lock:
        names = [features.canonical(name) for name in Feature]
        missing = [name for name in names if features.state_of(call.machine, name) == AVAILABLE]
    if not missing or not call.should("Install-WindowsFeature", ", ".join(missing)):
        return _answer(call, names, changed=False, used_dism=False)
    if not call.logon.is_admin:
        raise _elevation()
    used_dism = _check(call, missing)
    _work(call, missing)
    return _answer(call, names, changed=True, used_dism=used_dism)


def _elevation() -> PsError:
    command = "Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"
    text = "You do not have adequate user rights to make changes to the target computer."
    return PsError(f"DISMAPI_Error__Failed_To_Enable_Updates,{command}", "PermissionDenied", text)


def _check(call: Call, missing: list[str]) -> bool:
    call.sleep(_CHECK_SECONDS)
    with call.realm.lock:
        flags = cpu.shows_extensions(call.machine)
        for name in missing:
            try:
                features.refuse_hyperv(call, name)
            except PsError:
                if not flags:
                    raise
                call.streams.warning("the prerequisite check failed although the CPU shows the flags; using DISM")
                return True
    return False


def _work(call: Call, missing: list[str]) -> None:
    for step in range(1, _STEPS + 1):
        call.streams.progress("Start Installation...", f"{step * 20}%", step * 20)
        call.sleep((_INSTALL_SECONDS - _CHECK_SECONDS) / _STEPS)
        if step == _STEPS - 1:
            with call.realm.lock:
                for name in missing:
                    features.install(call, name)


def _answer(call: Call, names: list[str], *, changed: bool, used_dism: bool) -> Record:
    with call.realm.lock:
        rows = _rows(call, names)
    restart = any(row["InstallState"] == PENDING for row in rows)
    done = _DONE if changed else _NOTHING
    return {
        "Changed": changed,
        "RestartNeeded": restart,
        "ExitCode": _RESTART if restart else done,
        "UsedDism": used_dism,
        "Features": rows,
    }


def restart(call: Call) -> Record:
    """Ask for a restart; it follows some seconds after the answer."""
    call.sleep(1)
    with call.realm.lock:
        machine, boot_id = call.machine, call.machine.boot_id
        if not call.should("Restart-Computer", machine.computer_name):
            return {"Changed": False, "BootId": boot_id}
        if machine.restart_at is None or machine.restart_cause != "rebooted":
            machine.restart_at = call.realm.clock.now() + call.realm.config.boot.restart_delay
            machine.restart_cause = "rebooted"
            call.realm.changed()
    return {"Changed": True, "BootId": boot_id}


def _firewall(call: Call, groups: list[str]) -> Record:
    on = {group.lower() for group in call.machine.firewall_groups}
    rows = [{"Group": group, "Enabled": group.lower() in on} for group in groups]
    return {"Enabled": all(row["Enabled"] for row in rows), "Groups": rows}


def get_firewall(call: Call, *, Group: list[str]) -> Record:
    """Whether rule groups are enabled."""
    call.sleep(1)
    with call.realm.lock:
        return _firewall(call, Group)


def enable_firewall(call: Call, *, Group: list[str]) -> Record:
    """Enable rule groups by id."""
    with call.realm.lock:
        missing = [row["Group"] for row in _firewall(call, Group)["Groups"] if not row["Enabled"]]
    changed = bool(missing) and call.should("Enable-NetFirewallRule", ", ".join(missing))
    if changed:
        call.sleep(2)
        with call.realm.lock:
            for group in missing:
                call.machine.firewall_groups.append(group)
                call.effect("firewall_opened", group)
    with call.realm.lock:
        return {**_firewall(call, Group), "Changed": changed}


TABLE = (
    Function("Get-NestedRole", get_role),
    Function("Install-NestedRole", install_role, changes=True),
    Function("Restart-NestedGuest", restart, changes=True),
    Function("Get-NestedFirewallRule", get_firewall),
    Function("Enable-NestedFirewallRule", enable_firewall, changes=True),
)
