"""Roles inside a machine, its restart and its firewall."""

from __future__ import annotations

from sandbox.machine import cpu, features, winerrors
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.function import Function, Record
from sandbox.machine.functions_reports import pending_reasons
from sandbox.machine.life import HYPERV, HYPERV_TOOLS, INSTALLED, PENDING

_INSTALL_SECONDS = 150
_CHECK_SECONDS = 10
_STEPS = 5
_NOTHING = "NoChangeNeeded"
_DONE = "Success"
_RESTART = "SuccessRestartRequired"
_ENABLE = "Enable-NetFirewallRule"
# Groups of rules that a Windows Server has, by id: what they are called is translated.
GROUPS = (
    "@FirewallAPI.dll,-28502", "@FirewallAPI.dll,-29252", "@FirewallAPI.dll,-29502", "@FirewallAPI.dll,-29752",
    "@FirewallAPI.dll,-30002", "@FirewallAPI.dll,-30252", "@FirewallAPI.dll,-32752", "@FirewallAPI.dll,-33752",
    "@FirewallAPI.dll,-34251", "@FirewallAPI.dll,-34501", "@FirewallAPI.dll,-36751", "@FirewallAPI.dll,-37302",
)  # fmt: skip


def _rows(call: Call, names: list[str]) -> list[Record]:
    """The states of features by the names that they were asked by; null for what is no feature."""
    known = {name: features.canonical(name) for name in names if features.is_known(name)}
    states = {name: features.state_of(call.machine, item) for name, item in known.items()}
    return [{"Name": name, "InstallState": states.get(name)} for name in names]


def get_role(call: Call, *, Feature: list[str]) -> Record:
    """Whether features are installed."""
    call.sleep(3)
    with call.realm.lock:
        rows = _rows(call, Feature)
        return {
            "Installed": all(row["InstallState"] == INSTALLED for row in rows),
            "Features": rows,
            "PendingReboot": bool(pending_reasons(call.machine)),
        }


def install_role(call: Call, *, Feature: list[str]) -> Record:
    """Install features with their tools; where ServerManager is blind to flags that are there, Hyper-V by DISM."""
    with call.realm.lock:
        rows = _rows(call, Feature)
    missing = [row["Name"] for row in rows if row["InstallState"] not in {INSTALLED, PENDING}]
    if not missing or not call.should("Install-WindowsFeature", ", ".join(missing)):
        return _answer(call, Feature, _NOTHING)
    wanted = features.with_tools([features.canonical(name) for name in missing])
    if not call.logon.is_admin:
        raise _elevation()
    used_dism = _check(call, wanted)
    if used_dism:
        # DISM brings the role without its tools; the module has them installed first.
        others = [name for name in missing if name != HYPERV]
        wanted = [HYPERV, *features.with_tools([HYPERV_TOOLS, *map(features.canonical, others)])]
    _work(call, [features.canonical(name) for name in missing], wanted)
    if HYPERV in wanted and not used_dism:
        call.streams.warning("You must restart this server to finish the installation process.")
    return _answer(call, Feature, _RESTART if HYPERV in wanted else _DONE, used_dism=used_dism)


def _elevation() -> PsError:
    text = "You do not have adequate user rights to make changes to the target computer."
    return features.refusal("DISMAPI_Error__Failed_To_Enable_Updates", "PermissionDenied", text)


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
        features.refuse_removed(call.machine, missing)
    return False


def _work(call: Call, asked: list[str], wanted: list[str]) -> None:
    for step in range(1, _STEPS + 1):
        call.streams.progress("Start Installation...", f"{step * 20}%", step * 20)
        call.sleep((_INSTALL_SECONDS - _CHECK_SECONDS) / _STEPS)
        if step == _STEPS - 1:
            with call.realm.lock:
                for name in asked:
                    features.install(call, name)
                features.add_tools(call.machine, wanted)


def _answer(call: Call, names: list[str], code: str, *, used_dism: bool = False) -> Record:
    with call.realm.lock:
        rows = _rows(call, names)
    return {
        "Changed": code != _NOTHING,
        "RestartNeeded": any(row["InstallState"] == PENDING for row in rows),
        "ExitCode": code,
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
    """Enable rule groups by id, one after the other."""
    with call.realm.lock:
        missing = [row["Group"] for row in _firewall(call, Group)["Groups"] if not row["Enabled"]]
    asked = [group for group in missing if call.should("Enable-NetFirewallRule", group)]
    for group in asked:
        _open(call, group)
    with call.realm.lock:
        return {**_firewall(call, Group), "Changed": bool(asked)}


def _open(call: Call, group: str) -> None:
    """Enable-NetFirewallRule."""
    call.sleep(2)
    if not call.logon.is_admin:
        raise winerrors.system_error(5, _ENABLE, "Access is denied.", category="PermissionDenied")
    known = (*GROUPS, *call.realm.config.cluster_firewall_groups)
    if not any(group.lower() == one.lower() for one in known):
        raise winerrors.query_empty("RuleGroup", _ENABLE, group)
    with call.realm.lock:
        call.machine.firewall_groups.append(group)
        call.effect("firewall_opened", group)


TABLE = (
    Function("Get-NestedRole", get_role),
    Function("Install-NestedRole", install_role, changes=True),
    Function("Restart-NestedGuest", restart, changes=True),
    Function("Get-NestedFirewallRule", get_firewall),
    Function("Enable-NestedFirewallRule", enable_firewall, changes=True),
)
