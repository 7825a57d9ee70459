"""The guests of the pretended Windows: sessions, boots and ends, where the contract's scenarios do not reach."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine_world import write_world
from tests.contract.world import HYPERV, PASSWORD, Machine, Vm, World, a_node, a_world
from tests.powershell.fakes.build import START

SCRIPT = Path(__file__).parent / "powershell_fakes" / "GuestSessions.ps1"
_PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def modules(windows_modules: Callable[[str], Path]) -> Path:
    """The modules of the pretended Windows."""
    return windows_modules("2022")


@pytest.fixture(scope="module")
def answer(pwsh: str, modules: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What all cases of the script answered, played once."""
    folder = tmp_path_factory.mktemp("guests") / "world"
    with _running(pwsh, modules, folder, _world()) as process:
        out, error = process.communicate(timeout=_PATIENCE_SECONDS * 3)
    assert process.returncode == 0, error
    return dict(json.loads(out.splitlines()[-1]))


def test_objects_and_streams_come_back_as_remoting_gives_them(answer: dict[str, Any]) -> None:
    """Objects are deserialized, errors keep the guest's id and category, all in order, warnings on their own stream."""
    assert answer["streams"] == [
        "verbose told",
        "text given value nest-1",
        "object Deserialized.System.Management.Automation.PSCustomObject 1 2026 5 Friday nest-1",
        "error Guest.Wrong InvalidData RemoteException",
        "error PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand ObjectNotFound RemoteException",
        "text after",
    ]
    assert answer["warnings"] == ["warned"]


def test_an_error_of_the_guest_ends_the_call_when_it_shall(answer: dict[str, Any]) -> None:
    """Under -ErrorAction Stop the first error of the guest ends the call; a thrown one always does."""
    assert (answer["stopped"]["Id"], answer["thrown"]["Message"]) == ("Guest.Wrong", "ended")


def test_nothing_of_a_session_stays_for_the_next_one(answer: dict[str, Any]) -> None:
    """Variables and modules of a call are gone in the next, although the same process serves it."""
    assert (answer["left"], answer["kept"]) == ("False False", True)


def test_a_guest_that_dies_breaks_the_call_and_comes_back(answer: dict[str, Any]) -> None:
    """A process killed in mid-call is a transport error, and the next call finds a new one."""
    assert (answer["killed"]["Type"], answer["again"]) == ("PSRemotingTransportException", "answers")


def test_a_planned_restart_cuts_the_call_and_begins_a_boot(answer: dict[str, Any]) -> None:
    """shutdown.exe answers 0; when its time has come running calls break, and the machine has another boot time."""
    assert (answer["planned"], answer["restarted"]["Type"], answer["rebooted"]) == (
        0,
        "PSRemotingTransportException",
        True,
    )


def test_a_first_boot_takes_name_and_password_from_the_disk(answer: dict[str, Any]) -> None:
    """The answer file of a mounted disk makes the machine's name and password; its password is blanked afterwards."""
    assert answer["firstBoot"] == "NEST-9 False"
    assert answer["foreign"]["Type"] == "PSDirectException"


def test_no_guest_outlives_the_process_that_opened_it(pwsh: str, modules: Path, tmp_path: Path) -> None:
    """When the caller is killed in mid-call its guest ends, and the guest's own guest."""
    folder = tmp_path / "world"
    with _running(pwsh, modules, folder, _world(), "-Kill") as process:
        pids = [_pid(folder / "machines" / name / "ProgramData" / "pid") for name in ("nest-1", "nest-1.inner")]
        assert all(_alive(pid) for pid in pids)
        process.kill()
    _wait(lambda: not any(_alive(pid) for pid in pids))


def _world() -> World:
    inner = Vm("inner", state="Running", memory_mib=512, guest=Machine("INNER"))
    return a_world(vms=(a_node(features=HYPERV, vms=(inner,)),))


@contextmanager
def _running(pwsh: str, modules: Path, folder: Path, world: World, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The script in an engine process that is the world's host; ended afterwards, whatever happens."""
    path = write_world(world, folder, datetime.now(UTC))
    home = folder / "machines" / "host"
    environment = {
        **os.environ,
        "MATRYOSHKA_FAKE_WORLD": str(path),
        "MATRYOSHKA_FAKE_MACHINE": "host",
        "MATRYOSHKA_FAKE_MODULES": str(modules),
        "ProgramData": str(home / "ProgramData"),
    }
    command = [pwsh, "-NoProfile", "-NonInteractive", "-File", str(SCRIPT), "-Start", str(START), "-Password", PASSWORD]
    process = subprocess.Popen(
        [*command, *words],
        cwd=home / "Windows",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _pid(path: Path) -> int:
    _wait(lambda: path.exists() and path.read_text(encoding="utf-8") != "")
    return int(path.read_text(encoding="utf-8"))


def _alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        os.kill(pid, signal.SIG_DFL)
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False


def _wait(holds: Any) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
