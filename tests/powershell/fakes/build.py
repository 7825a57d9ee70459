"""Makes the modules of the pretended Windows: an engine needs seconds for a release, so a test run makes each once."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

FAKES = Path(__file__).resolve().parent
START = FAKES / "FakeWindows" / "Start-FakeWindows.ps1"
RELEASES = ("2016", "2019", "2022", "2025")


def build(pwsh: str, folder: Path, release: str = "2022") -> Path:
    """Return the folder with the modules of one Windows Server release; CalledProcessError when the engine fails."""
    arguments = {
        "Table": FAKES.parent / "cmdlets.json",
        "Classes": FAKES / "classes.json",
        "Out": folder,
        "Release": release,
    }
    command = [pwsh, "-NoProfile", "-NonInteractive", "-File", str(FAKES / "Make-FakeWindows.ps1")]
    for name, value in arguments.items():
        command += [f"-{name}", str(value)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return folder


def build_once(pwsh: str, folder: Path, release: str = "2022") -> Path:
    """Return the modules of a release in a folder that several processes share; the first one makes them."""
    modules = folder / f"windows-{release}"
    with (folder / f"windows-{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the file is closed
        if not modules.exists():
            build(pwsh, folder / f"windows-{release}.new", release).rename(modules)
    return modules
