"""The world: its file, its counts, many at once, -WhatIf, hosts and reboots."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sandbox.machine import Clock, Command, ExistingVm, MachineLost, PsError, SecretText, World
from sandbox.machine.codec import from_json, to_json
from sandbox.machine.model import State
from sandbox.machine.statefile import StateFile
from tests.unit.sandbox.machine.lab import ADMINISTRATOR, CONFIG, IMAGE, OWNER, PASSWORD, START, FakeTime, Lab, Recorder


def reopened(path: Path) -> World:
    """The world of a state file, as a new process opens it."""
    fake = FakeTime()
    return World(CONFIG, Clock(10.0, start=START, monotonic=fake.monotonic, wait=fake.wait), path)


def test_a_world_goes_on_from_its_file(tmp_path: Path) -> None:
    """VMs, guests, roles, journals, counts and time survive a restart of the process."""
    path = tmp_path / "world.json"
    lab = Lab(state_path=path)
    node = lab.hyperv()
    before = to_json(lab.world.realm.state)
    lab.world.close()
    again = reopened(path)

    assert to_json(again.realm.state) == {**before, "now": again.realm.state.now}
    assert again.counts() == lab.world.counts()
    assert again.clock.now() == pytest.approx(lab.clock.now(), abs=1)
    machine = again.realm.state.hosts["HV01"]
    assert machine.vms[node].state == "Running"
    again.close()


def test_closing_while_a_write_begins_ends(tmp_path: Path) -> None:
    """The writing thread is at the door of its next write when the file is closed: it ends all the same."""
    entered, go_on = threading.Event(), threading.Event()

    def snapshot() -> list[int]:
        entered.set()
        assert go_on.wait(10)
        return []

    file = StateFile(tmp_path / "world.json", snapshot)
    first = threading.Thread(target=file.flush)
    first.start()
    assert entered.wait(10)
    file.mark()
    time.sleep(0.1)  # the writing thread takes note of it and waits for the first write
    closing = threading.Thread(target=file.close, daemon=True)
    closing.start()
    time.sleep(0.1)
    go_on.set()
    first.join(10)
    closing.join(10)

    assert not closing.is_alive()


def test_a_write_that_fails_is_made_up_for(tmp_path: Path) -> None:
    """A disk that is full for a while does not end the writing for good."""
    answers: Iterator[Any] = iter((OSError(errno.ENOSPC, "full"), [1], [1]))

    def snapshot() -> Any:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    path = tmp_path / "world.json"
    file = StateFile(path, snapshot)
    file.mark()
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, "it was never written"
        time.sleep(0.01)
    file.close()

    assert [1] == json.loads(path.read_text())


def test_a_running_call_is_abandoned_by_a_restart_of_the_process(tmp_path: Path) -> None:
    """A call that ran when the sandbox died is not alive in the next one, and a mount is gone."""
    path = tmp_path / "world.json"
    lab = Lab(state_path=path)
    disk = lab.disk("n", seed=False)
    streams = Recorder()

    def die() -> None:
        lab.world.save()
        path.with_suffix(".copy").write_text(path.read_text())
        streams.stop = True

    seed = {"Path": disk, "Owner": OWNER, "ComputerName": "n", "AdministratorPassword": SecretText(PASSWORD)}
    lab.after(5, die)
    with pytest.raises(PsError):
        lab.host.runspace("a", True).invoke(
            Command(
                "Invoke-NestedCall", parameters={"Name": "Set-NestedDiskSeed", "Parameters": seed, "CallId": "j#1"}
            ),
            streams,
        )
    lab.world.close()
    again = reopened(path.with_suffix(".copy"))
    runspace, asked = again.hosts["HV01"].runspace("a", True), Recorder()
    runspace.invoke(Command("Get-NestedCall", parameters={"CallId": "j#1"}), asked)
    runspace.invoke(Command("Get-NestedDisk", parameters={"Path": disk}), asked)
    again.close()

    assert asked.outputs[0]["Status"] == "abandoned"
    assert asked.outputs[1]["Attached"] is False


def test_the_file_holds_no_password(tmp_path: Path) -> None:
    """Neither the state nor the shown world has a password in it."""
    path = tmp_path / "world.json"
    lab = Lab(state_path=path)
    lab.running()
    lab.world.close()
    text = path.read_text() + json.dumps(lab.world.as_json())

    assert path.stat().st_mode & 0o077 == 0
    for secret in (PASSWORD, "nano-pass", "host-pass"):
        assert secret not in text


def test_the_codec_is_lossless() -> None:
    """A state read back from JSON is equal to the one written."""
    lab = Lab()
    lab.hyperv()
    state = lab.world.realm.state

    assert from_json(State, json.loads(json.dumps(to_json(state)))) == state


def test_an_effect_that_is_applied_twice_shows() -> None:
    """Two workers that both create a node make two VMs of one name, and the count says 2."""
    lab = Lab()
    path = lab.disk("n")
    wanted = {"Name": "n", "Owner": OWNER, "MemoryMib": 4096, "ProcessorCount": 2, "DiskPath": path,
              "SwitchName": "External", "Path": "C:\\Lab"}  # fmt: skip
    lab.after(1, lambda: lab.host.runspace("a", True).invoke(Command("New-NestedNode", parameters=wanted), Recorder()))
    lab.run("New-NestedNode", **wanted)

    assert lab.world.counts()["vm_created"] == {"HV01/n@lab_a": 2}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("New-NestedSwitch", {"Name": "x", "Owner": OWNER}),
        ("Remove-NestedSwitch", {"Name": "lab", "Owner": OWNER}),
        ("New-NestedNat", {"Name": "mk-x", "Prefix": "10.7.0.0/24"}),
        ("Remove-NestedNat", {"Name": "mk-lab"}),
        ("Protect-NestedImage", {"Path": IMAGE, "Sha256": CONFIG.images[0].sha256}),
        ("New-NestedDisk", {"Path": "C:\\x.vhdx", "Owner": OWNER, "ParentPath": IMAGE}),
        ("Set-NestedDiskSeed", {"Path": "C:\\Lab\\other.vhdx", "Owner": OWNER, "ComputerName": "z",
                                "AdministratorPassword": SecretText("p")}),
        ("Remove-NestedDisk", {"Path": "C:\\Lab\\other.vhdx", "Owner": OWNER}),
        ("New-NestedNode", {"Name": "y", "Owner": OWNER, "MemoryMib": 4096, "ProcessorCount": 1,
                            "DiskPath": "C:\\Lab\\other.vhdx", "SwitchName": "External", "Path": "C:\\Lab"}),
        ("Enable-NestedVirtualization", {"VMId": "off"}),
        ("Disable-NestedVirtualization", {"VMId": "off",
                                         "Settings": [{"Setting": "MemoryStartupMib", "Before": "1024"}]}),
        ("Start-NestedNode", {"VMId": "off"}),
        ("Stop-NestedNode", {"VMId": "on"}),
        ("Remove-NestedNode", {"VMId": "on", "Owner": OWNER}),
        ("Install-NestedRole", {"Feature": ["Failover-Clustering"]}),
        ("Restart-NestedGuest", {}),
        ("Enable-NestedFirewallRule", {"Group": ["@FirewallAPI.dll,-28502"]}),
        ("New-NestedVM", {"Name": "v", "Owner": OWNER}),
        ("Start-VM", {"Name": "off"}),
        ("Stop-VM", {"Name": "on"}),
        ("Set-VMProcessor", {"VMName": "off", "Count": 9}),
        ("Set-VMMemory", {"VMName": "off", "StartupBytes": 1 << 30}),
        ("Install-WindowsFeature", {"Name": ["Failover-Clustering"]}),
    ],
)  # fmt: skip
def test_what_if_changes_nothing(name: str, parameters: dict[str, Any]) -> None:
    """Under -WhatIf a function says what it would do and leaves the world as it was."""
    lab = Lab()
    ids = {"off": lab.node("off"), "on": lab.node("on")}
    lab.run("Start-NestedNode", VMId=UUID(ids["on"]))
    lab.disk("other")
    lab.run("New-NestedSwitch", Name="lab", Owner=OWNER)
    lab.run("New-NestedNat", Name="mk-lab", Prefix="10.8.0.0/24")
    before, counts = to_json(lab.world.realm.state), lab.world.counts()
    given = {**parameters, "VMId": UUID(ids[parameters["VMId"]])} if "VMId" in parameters else parameters
    outputs = lab.invoke(name, **given, WhatIf=True)

    assert to_json(lab.world.realm.state) == before
    assert lab.world.counts() == counts
    assert lab.streams.informations
    assert all(not item.get("Changed", False) for item in outputs)


def test_what_if_inside_a_cluster() -> None:
    """The cluster functions know -WhatIf too."""
    lab = Lab()
    first, _ = lab.nodes(2)
    make = {"Name": "c", "Node": ["nest-1"], "AdministrativeAccessPoint": "Dns"}
    assert lab.guest(first, "New-NestedCluster", **make, WhatIf=True)["Changed"] is False
    lab.guest(first, "New-NestedCluster", **make)
    counts = lab.world.counts()
    mac = lab.run("Get-NestedNode", VMId=UUID(first))["Adapters"][0]["MacAddress"]

    for name, parameters in (
        ("Add-NestedClusterNode", {"Name": "nest-2"}),
        ("Set-NestedClusterQuorum", {"Witness": "cloud", "AccountName": "a", "AccessKey": SecretText("k")}),
        ("Remove-NestedCluster", {"Name": "c"}),
        ("Set-NestedGuestConfiguration", {"MacAddress": mac, "DnsSuffix": "other.test"}),
    ):
        assert lab.guest(first, name, **parameters, WhatIf=True)["Changed"] is False
    assert lab.world.counts() == counts


def test_many_nodes_are_built_at_once() -> None:
    """Sixteen threads on one host do not wait for each other: the time is that of one node."""
    clock = Clock(2000.0)
    world = World(replace(CONFIG, memory_gib=512), clock)
    host = world.hosts["HV01"]
    failures: list[BaseException] = []

    def build(number: int) -> None:
        path = f"C:\\Lab\\{number}.vhdx"
        try:
            for name, parameters in (
                ("New-NestedDisk", {"Path": path, "Owner": OWNER, "ParentPath": IMAGE}),
                ("New-NestedNode", {"Name": f"n{number}", "Owner": OWNER, "MemoryMib": 4096, "ProcessorCount": 2,
                                    "DiskPath": path, "SwitchName": "External", "Path": "C:\\Lab"}),
                ("Start-VM", {"Name": f"n{number}"}),
            ):  # fmt: skip
                host.runspace("Administrator", True).invoke(Command(name, parameters=parameters), Recorder())
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=build, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sum(world.counts()["vm_started"].values()) == 16
    assert len({adapter.mac for vm in world.realm.state.hosts["HV01"].vms.values() for adapter in vm.adapters}) == 16
    assert world.bugs == []


def test_a_host_reboot_cuts_its_vms_and_its_shells() -> None:
    """After a reboot the boot id differs, a VM that starts by hand only is off, and shells of before are lost."""
    lab = Lab()
    node = lab.running()
    lab.world.realm.state.hosts["HV01"].vms[node].start_action = "Nothing"
    shell, boot_id = lab.host.runspace("a", True), lab.host.boot_id
    lab.host.reboot()

    assert not lab.host.is_up
    with pytest.raises(MachineLost):
        shell.invoke(Command("Get-VM"), Recorder())
    lab.pass_time(60)
    assert lab.host.is_up
    assert lab.host.boot_id != boot_id
    assert lab.run("Get-NestedNode", VMId=UUID(node))["State"] == "Off"
    assert lab.run("Start-NestedNode", VMId=UUID(node))["Changed"] is True


def test_vms_can_start_with_their_host() -> None:
    """A VM that ran runs again after its host's reboot: Hyper-V's default start action."""
    lab = Lab()
    node = lab.running()
    lab.host.reboot()
    lab.pass_time(120)

    wait = {"VMId": UUID(node), "Credential": ADMINISTRATOR, "TimeoutSeconds": 120}
    assert lab.run("Wait-NestedGuest", **wait)["Reached"] is True


def test_network_logons_are_filtered() -> None:
    """Only the built-in Administrator has a full token, unless LocalAccountTokenFilterPolicy is 1."""
    plain, opened = Lab().host, Lab(replace(CONFIG, token_filter_policy=True)).host

    assert [plain.is_admin("HV01\\administrator"), plain.is_admin("op"), opened.is_admin("op")] == [True, False, True]


def test_the_host_report_shows_the_machine() -> None:
    """The report names build, memory, switches, VMs and what the caller may do."""
    lab = Lab(replace(CONFIG, os_build=14393))
    lab.node()
    report = lab.run("Get-NestedHostReport")

    assert (report["OsBuild"], report["DefaultVMVersion"], report["IsAdministrator"]) == (14393, "8.0", True)
    assert report["MemoryTotalMib"] == 256 * 1024
    assert [row["Owner"] for row in report["VMs"]] == [OWNER]
    assert [row["SwitchType"] for row in report["Switches"]] == ["External"]


def test_a_fault_of_the_sandbox_is_a_bug_not_a_crash() -> None:
    """An exception of our own becomes an error record and a line in the world's bugs."""
    lab = Lab()
    lab.machine.os_build = 1

    with pytest.raises(PsError) as caught:
        lab.run("Get-NestedHostReport")
    assert caught.value.fqid == "SandboxBug"
    assert len(lab.world.bugs) == 1


def test_faults_are_switched_by_name() -> None:
    """A known switch is set and cleared; an unknown one is a TypeError."""
    world = Lab().world
    world.set_faults(slow=2.0)
    assert world.as_json()["faults"]["slow"] == 2.0
    world.clear_faults()

    assert world.as_json()["faults"]["slow"] == 1.0
    with pytest.raises(TypeError):
        world.set_faults(nothing=True)


def test_a_vm_that_someone_made_by_hand() -> None:
    """It runs and answers at once, belongs to nobody, and nothing of nesting is set; the script then enables it."""
    lab = Lab()
    made = lab.world.add_vm("HV01", ExistingVm("byo", 8192, password=PASSWORD))
    node = lab.run("Get-NestedNode", VMId=UUID(made["id"]))

    assert (node["Owner"], node["State"], node["DynamicMemoryEnabled"]) == (None, "Running", True)
    assert lab.guest(made["id"], "Get-NestedCpuProbe")["Classification"] == "guest_not_exposed"
    lab.run("Stop-NestedNode", VMId=UUID(made["id"]))
    assert lab.run("Enable-NestedVirtualization", VMId=UUID(made["id"]))["Changed"] is True
