"""`python -m sandbox` as a process with the real world behind it, and its control API."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Contr0l-Pass:word"
SOURCE = "function Get-NestedModuleInfo { }"
BOOTSTRAP = (ROOT / "workers" / "powershell" / "bootstrap.ps1").read_text(encoding="utf-8-sig")


class Process:
    """A sandbox process, its first line and its control API."""

    def __init__(self, directory: Path, arguments: tuple[str, ...]) -> None:
        self._log = (directory / "sandbox.log").open("ab")
        argv = (sys.executable, "-m", "sandbox", "--ca-dir", str(directory / "ca"), *arguments)
        environment = {**os.environ, "SANDBOX_PASSWORD": PASSWORD}
        self.process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=self._log)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (directory / "sandbox.log").read_text()
        self.ready: dict[str, Any] = json.loads(line)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The status and JSON of a call."""
        answer = requests.request(method, self.ready["control_url"] + path, json=body, timeout=60)
        return answer.status_code, answer.json()

    def get(self, path: str) -> Any:
        """The JSON of a GET that succeeds."""
        status, body = self.ask("GET", path)
        assert status == 200, body
        return body

    @contextlib.contextmanager
    def pool(self, **changes: Any) -> Iterator[RunspacePool]:
        """An open pool on the first host."""
        with self.wsman(**changes) as connection, RunspacePool(connection) as pool:
            yield pool

    @contextlib.contextmanager
    def wsman(self, host: int = 0, **changes: Any) -> Iterator[WSMan]:
        """A connection to a host."""
        found = self.ready["hosts"][host]
        options = {"auth": "basic", "ssl": found["scheme"] == "https", "cert_validation": found["ca_file"] or True}
        options.update(username="Administrator", password=PASSWORD, no_proxy=True, port=found["port"], **changes)
        connection = WSMan(found["address"], **options)
        try:
            yield connection
        finally:
            connection.close()

    def end(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()
        return code


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start processes; afterwards none may have found a bug, and all end with code 0."""
    running: list[Process] = []

    def make(*arguments: str) -> Process:
        running.append(Process(tmp_path, ("--state", str(tmp_path / "state.json"), *arguments)))
        return running[-1]

    yield make
    for process in running:
        if process.process.poll() is None:
            assert process.get("/bugs") == []
            assert process.end() == 0
    log = (tmp_path / "sandbox.log").read_text() + (tmp_path / "state.json").read_text()
    assert PASSWORD not in log


def run(pool: RunspacePool, name: str, **parameters: Any) -> PowerShell:
    """Run one command to its end and free its id."""
    shell = PowerShell(pool)
    shell.add_cmdlet(name).add_parameters(parameters)
    shell.invoke()
    shell.close()
    return shell


def load_module(pool: RunspacePool) -> PowerShell:
    """Send the bootstrap script with a module of one line."""
    shell = PowerShell(pool)
    digest = hashlib.sha256(SOURCE.encode()).hexdigest()
    shell.add_script(BOOTSTRAP).add_parameters({"Source": SOURCE, "Sha256": digest})
    shell.invoke()
    shell.close()
    return shell


def test_the_first_line_says_where_everything_is(start: Start) -> None:
    """One JSON line names every host with its CA file, and the control API."""
    process = start("--hosts", "2")

    first, second = process.ready["hosts"]
    assert {"name", "wsman_url", "address", "port", "scheme", "ca_file"} == set(first)
    assert f"https://127.0.0.1:{first['port']}/wsman" == first["wsman_url"]
    assert Path(first["ca_file"]).exists()
    assert first["port"] != second["port"]
    assert {"status": "ok"} == process.get("/healthz")


def test_the_module_is_loaded_by_the_shipped_script(start: Start) -> None:
    """Without the module its functions are unknown; the bootstrap script brings them, and the world answers."""
    process = start()
    with process.pool() as pool:
        before = run(pool, "Get-NestedHostReport")
        loaded = load_module(pool)
        report = run(pool, "Get-NestedHostReport")

    assert ["CommandNotFoundException"] == [error.fq_error for error in before.streams.error]
    assert hashlib.sha256(SOURCE.encode()).hexdigest() == loaded.output[0].extended_properties["Sha256"]
    assert 20348 == report.output[0].extended_properties["OsBuild"]


def test_a_preinstalled_module_is_there(start: Start) -> None:
    """With --preinstalled the functions answer at once."""
    process = start("--preinstalled", "--scheme", "http")
    with process.pool(encryption="never") as pool:
        info = run(pool, "Get-NestedModuleInfo").output[0].extended_properties

    assert info["Preinstalled"] is True


def test_a_restricted_endpoint_takes_names_only(start: Start) -> None:
    """The JEA endpoint of a prepared host runs functions and refuses scripts, as no-language mode does."""
    process = start("--preinstalled")
    with process.wsman() as connection, RunspacePool(connection, configuration_name="Matryoshka") as pool:
        info = run(pool, "Get-NestedModuleInfo")
        script = PowerShell(pool)
        script.add_script("Get-NestedModuleInfo").invoke()
        script.close()

    assert (4, ["ScriptsNotAllowed"]) == (info.state, [error.fq_error for error in script.streams.error])


def test_effects_are_counted_and_kept_over_a_restart(start: Start) -> None:
    """The state file carries world and counts; the certificates stay, so a client's CA file stays good."""
    process = start("--preinstalled", "--clock", "1000")
    with process.pool() as pool:
        call = {"Name": "New-NestedSwitch", "CallId": "job.step.1#1", "Fence": 1}
        made = run(pool, "Invoke-NestedCall", **call, Parameters={"Name": "inner", "Owner": "lab_1"})
        again = run(pool, "Invoke-NestedCall", **call, Parameters={"Name": "inner", "Owner": "lab_1"})
    counts = {name: found for name, found in process.get("/counts").items() if not name.startswith("wire.")}
    ca = Path(process.ready["hosts"][0]["ca_file"]).read_bytes()
    assert process.end() == 0
    second = start("--preinstalled", "--clock", "1000")
    with second.pool() as pool:
        found = run(pool, "Get-NestedSwitch", Name="inner").output[0].extended_properties

    assert [False, True] == [shell.output[0].extended_properties["Replayed"] for shell in (made, again)]
    assert counts
    assert all(times == 1 for targets in counts.values() for times in targets.values())
    kept = {name: targets for name, targets in second.get("/counts").items() if not name.startswith("wire.")}
    assert (True, counts, ca) == (
        *(found["Exists"], kept),
        Path(second.ready["hosts"][0]["ca_file"]).read_bytes(),
    )
    assert "inner" in [switch["name"] for switch in second.get("/world")["hosts"][0]["switches"]]


def test_a_host_reboots_by_the_control_api(start: Start) -> None:
    """A reboot drops the shells, refuses for its scaled time and comes back with another boot id."""
    process = start("--preinstalled", "--clock", "100")
    name = process.ready["hosts"][0]["name"]
    with process.pool() as pool:
        before = process.get("/world")["hosts"][0]["boot_id"]
        status, _ = process.ask("POST", f"/hosts/{name.lower()}/reboot", {"seconds": 5})
        with pytest.raises(requests.exceptions.ConnectionError):
            pool.get_available_runspaces()
        gone = _after_reboot(pool)
        pool.state = 3

    assert (202, 2150858843) == (status, gone)
    assert before != process.get("/world")["hosts"][0]["boot_id"]


def test_faults_are_made_and_removed(start: Start) -> None:
    """Rules are posted, listed, applied and deleted; nonsense is 422 with the reason."""
    process = start("--preinstalled", "--fault", "wsman_fault,action=Create,code=1115")
    with pytest.raises(WSManFaultError) as ordered, process.pool():
        pass
    status, made = process.ask("POST", "/faults", [{"kind": "drop", "count": 0, "action": "Delete"}, {"kind": "quota"}])
    rules = process.get("/faults")["rules"]
    wrong, reason = process.ask("POST", "/faults", {"kind": "nonsense"})
    nowhere, _ = process.ask("POST", "/faults", {"kind": "drop", "host": "HV99"})
    removed = process.ask("DELETE", "/faults")
    with process.pool() as pool:
        assert run(pool, "Get-NestedModuleInfo").state == 4

    assert (1115, 201, made["ids"]) == (ordered.value.code, status, [rule["id"] for rule in rules])
    assert (422, 404, (200, {"removed": 2})) == (wrong, nowhere, removed)
    assert "nonsense" in reason["error"]
    assert 1 == process.get("/counts")["wire.faults"]["wsman_fault"]


def test_the_worlds_own_switches_can_be_set(start: Start) -> None:
    """Switches of the world change by name and type; DELETE /faults puts them back."""
    process = start("--world-fault", "slow=2.5")
    done = process.ask("POST", "/world/faults", {"second_reboot": False, "down_nodes": ["a"]})
    changed = process.get("/world")["faults"]
    unknown, _ = process.ask("POST", "/world/faults", {"gravity": 1})
    process.ask("DELETE", "/faults")

    assert (200, False, ["a"], 2.5) == (done[0], changed["second_reboot"], changed["down_nodes"], changed["slow"])
    assert (422, True) == (unknown, process.get("/world")["faults"]["second_reboot"])


def test_the_clock_and_the_shells_are_shown(start: Start) -> None:
    """The speed changes at once; open shells are listed with what they run."""
    process = start("--preinstalled")
    faster = process.ask("POST", "/clock", {"factor": 40})
    wrong, _ = process.ask("POST", "/clock", {"factor": 0})
    with process.pool() as pool:
        (host,) = process.get("/shells")

        assert [(pool.id, "Administrator", True, [])] == [
            (shell["shell_id"], shell["user"], shell["connected"], shell["commands"]) for shell in host["shells"]
        ]
    assert ((200, {"factor": 40.0}), 422, 404) == (faster, wrong, process.ask("GET", "/nothing")[0])


@pytest.mark.parametrize(
    "arguments", [["--fault", "nonsense"], ["--password-env", "NOT_SET"], ["--world-fault", "x=1"]]
)
def test_a_bad_command_line_ends_with_code_2(tmp_path: Path, arguments: list[str]) -> None:
    """What cannot be understood is said on stderr, with exit code 2."""
    argv = (sys.executable, "-m", "sandbox", "--ca-dir", str(tmp_path), *arguments)
    environment = {**os.environ, "SANDBOX_PASSWORD": PASSWORD}
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)

    assert (2, b"", True) == (done.returncode, done.stdout, done.stderr.startswith(b"sandbox: "))


def _after_reboot(pool: RunspacePool) -> Any:
    """The fault code that the old pool gets once the host answers again."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            pool.get_available_runspaces()
        except requests.exceptions.ConnectionError:
            time.sleep(0.05)
        except WSManFaultError as error:
            return error.code
    return None
