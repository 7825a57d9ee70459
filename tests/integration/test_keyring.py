"""Keys of profiles in a real keyring: the secret service of a desktop, on a bus of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.api_kit import ROOT

_KEY = "mk_00000000.a-key-of-a-test"
_OURS = ("MATRYOSHKA_", "PYTHON_KEYRING")
_LOCK = """
import secretstorage
secretstorage.get_default_collection(secretstorage.dbus_init()).lock()
"""


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """The variables of a session with a bus and an open keyring."""
    if shutil.which("dbus-daemon") is None or shutil.which("gnome-keyring-daemon") is None:
        pytest.skip("dbus-daemon and gnome-keyring-daemon are not installed")
    with TemporaryDirectory() as short:  # sockets have short paths, the folder of a test has a long one
        run = Path(short)
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "XDG_RUNTIME_DIR": short,
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={run}/bus",
        }
        with _running(environ, "dbus-daemon", "--session", "--nofork", "--address", f"unix:path={run}/bus"):
            _wait_for(run / "bus")
            with _running(
                environ, "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets", said=b"a password"
            ):
                _wait_for(run / "keyring" / "control")
                yield environ


@contextmanager
def _running(environ: Mapping[str, str], *argv: str, said: bytes = b"") -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(argv, env=environ, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet)
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(said)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


def _run(environ: Mapping[str, str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "service.cli", "--no-input", *arguments]
    return subprocess.run(argv, env={**environ, **more}, capture_output=True, text=True, timeout=60, check=False)


def _in_keyring(environ: Mapping[str, str]) -> str:
    argv = [sys.executable, "-m", "keyring", "get", "matryoshka", "lab"]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=60, check=False).stdout.strip()


def _add(environ: Mapping[str, str]) -> None:
    done = _run(environ, "profiles", "add", "lab", "--url", "http://127.0.0.1:9", "--key-env", "K", K=_KEY)
    assert done.returncode == 0, done.stderr


def test_a_key_lives_in_the_keyring_and_nowhere_else(desktop: Mapping[str, str], tmp_path: Path) -> None:
    """Where there is a keyring the key goes there by itself, is used from there, and is gone with its profile."""
    _add(desktop)
    assert _in_keyring(desktop) == _KEY
    written = [path for path in (tmp_path / "config").rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if _KEY in path.read_text()]

    # With its key the command gets as far as the service, which is not there; without one it would not set out.
    assert "MATRYOSHKA_API_KEY" not in (tried := _run(desktop, "jobs", "list")).stderr
    assert tried.returncode == 7

    assert _run(desktop, "profiles", "remove", "lab").returncode == 0
    assert _in_keyring(desktop) == ""


def test_a_locked_keyring_says_so(desktop: Mapping[str, str]) -> None:
    """A keyring that nobody can open is told by name, with what to do, and the key is not shown."""
    _add(desktop)
    subprocess.run([sys.executable, "-c", _LOCK], env=desktop, check=True, timeout=60)

    done = _run(desktop, "jobs", "list")
    assert done.returncode == 1
    assert "KeyringLocked" in done.stderr
    assert "--store file" in done.stderr
    assert _KEY not in done.stderr + done.stdout
