"""Windows' and PowerShell's own cmdlets that tests of the wire and people call."""

from __future__ import annotations

from typing import Any

from sandbox.machine import features
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.function import Function, Record, Switch
from sandbox.machine.life import INSTALLED, PENDING

_UTILITY = "Microsoft.PowerShell.Commands."
_SERVER = "Microsoft.Windows.ServerManager.Commands."


def get_feature(call: Call, *, Name: list[str] = []) -> list[Record]:  # noqa: B006 - never changed
    """Features and their install state."""
    asked = [features.canonical(name) for name in Name if features.is_known(name)]
    names = asked if Name else list(features.KNOWN)
    with call.realm.lock:
        states = [(name, features.state_of(call.machine, name)) for name in names]
    return [{"Name": name, "Installed": state == INSTALLED, "InstallState": state} for name, state in states]


def install_feature(
    call: Call,
    *,
    Name: list[str],
    IncludeManagementTools: Switch = False,  # noqa: ARG001 - taken as Windows takes it; no tools are simulated
) -> Record:
    """Install-WindowsFeature without -Restart: no DISM fallback here."""
    with call.realm.lock:
        names = [features.canonical(name) for name in Name]
        missing = [name for name in names if features.state_of(call.machine, name) == features.AVAILABLE]
        for name in missing:
            features.refuse_hyperv(call, name)
    if missing and call.should("Install-WindowsFeature", ", ".join(missing)):
        call.sleep(150)
        with call.realm.lock:
            for name in missing:
                features.install(call, name)
    with call.realm.lock:
        waits = any(features.state_of(call.machine, name) == PENDING for name in names)
    code = "SuccessRestartRequired" if waits else "Success" if missing else "NoChangeNeeded"
    if waits:
        call.streams.warning("You must restart this server to finish the installation process.")
    return {"Success": True, "RestartNeeded": "Yes" if waits else "No", "ExitCode": code, "FeatureResult": missing}


def write_output(_call: Call, *, InputObject: Any) -> list[Any]:
    """Its argument; a list is written item by item."""
    return list(InputObject) if isinstance(InputObject, (list, tuple)) else [InputObject]


def write_warning(call: Call, *, Message: str) -> None:
    """A warning."""
    call.streams.warning(Message)


def write_verbose(call: Call, *, Message: str) -> None:
    """A verbose record."""
    call.streams.verbose(Message)


def write_information(call: Call, *, MessageData: str) -> None:
    """An information record."""
    call.streams.information(MessageData)


def write_error(call: Call, *, Message: str, ErrorId: str = "", Category: str = "NotSpecified") -> None:
    """A non-terminating error with the caller's own id."""
    fqid = f"{ErrorId or 'Microsoft.PowerShell.Commands.WriteErrorException'},Write-Error"
    exception = "Microsoft.PowerShell.Commands.WriteErrorException"
    call.error(PsError(fqid, Category, Message, exception_type=exception))


def write_progress(call: Call, *, Activity: str, Status: str = "Processing", PercentComplete: int = -1) -> None:
    """A progress record."""
    call.streams.progress(Activity, Status, PercentComplete)


def start_sleep(call: Call, *, Seconds: float = 0.0, Milliseconds: int = 0) -> None:
    """Let nominal time pass."""
    call.sleep(Seconds + Milliseconds / 1000)


TABLE = (
    Function("Get-WindowsFeature", get_feature, class_name=f"{_SERVER}GetWindowsFeatureCommand"),
    Function("Install-WindowsFeature", install_feature, changes=True, class_name=f"{_SERVER}AddWindowsFeatureCommand"),
    Function("Write-Output", write_output, class_name=f"{_UTILITY}WriteOutputCommand"),
    Function("Write-Warning", write_warning, class_name=f"{_UTILITY}WriteWarningCommand"),
    Function("Write-Verbose", write_verbose, class_name=f"{_UTILITY}WriteVerboseCommand"),
    Function("Write-Information", write_information, class_name=f"{_UTILITY}WriteInformationCommand"),
    Function("Write-Error", write_error, class_name=f"{_UTILITY}WriteErrorCommand"),
    Function("Write-Progress", write_progress, class_name=f"{_UTILITY}WriteProgressCommand"),
    Function("Start-Sleep", start_sleep, class_name=f"{_UTILITY}StartSleepCommand"),
)
