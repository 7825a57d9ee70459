"""The HostPort over the wire: journaled changes, replays, fences, guests, typed parameters and errors as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.sandbox_process import IMAGE, SandboxProcess, Watching, running_sandbox
from workers.errors import HostMisconfigured, LeaseLost, RemoteError
from workers.psrp.host import CallScope, ClaimHost
from workers.psrp.line import HostLine
from workers.psrp.pool import SessionPool, session_opener
from workers.psrp.port import GuestTarget, SecretStr
from workers.psrp.transport import Timeouts
from workers.secrets import Keyring, Scrubber, SecretBox

_OWNER = "lab_calls"
_GUEST_PASSWORD = "Guest-Passw0rd!"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """A fast host over TLS."""
    with running_sandbox(clock=200.0) as sandbox:
        yield sandbox


class _Hosts:
    """Makes HostPorts that share sessions."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.pool = SessionPool(session_opener(Timeouts(poll=0.2)))
        self.watch = Watching()

    def host(self, scope: str = "job_1.step.1", fence: int = 1) -> ClaimHost:
        """Return a HostPort whose call ids begin with `scope`."""
        line = HostLine(self.pool, self.sandbox.endpoint, self.watch)
        box = SecretBox(
            {"guest_administrator": {"sealed": _GUEST_PASSWORD}}, Keyring(lambda box: box.encode()), Scrubber()
        )
        return ClaimHost(line, CallScope(scope, fence, lambda: 60.0), box)


@pytest.fixture
def hosts(sandbox: SandboxProcess) -> Iterator[_Hosts]:
    """HostPorts on the sandbox; nothing stays open."""
    sandbox.reset()
    made = _Hosts(sandbox)
    yield made
    made.pool.close_idle(everything=True)


def test_reads_answer_snake_case(hosts: _Hosts) -> None:
    """A read comes back as a dict with snake_case keys at every level."""
    report = hosts.host().read("Get-NestedHostReport")

    assert 20348 == report["os_build"]
    assert report["volumes"][0]["free_gib"] > 0


def test_a_change_is_applied_once_however_often_it_is_asked(hosts: _Hosts) -> None:
    """The same call id answers the recorded result; a new generation asks anew and finds nothing to do."""
    wanted = {"name": "calls-once", "owner": _OWNER, "host_address": "192.168.77.1", "prefix_length": 24}
    first = hosts.host("job_1.switch.1").change("New-NestedSwitch", **wanted)
    again = hosts.host("job_1.switch.1", fence=2).change("New-NestedSwitch", **wanted)
    anew = hosts.host("job_1.switch.2").change("New-NestedSwitch", **wanted)

    assert [True, True, False] == [item["changed"] for item in (first, again, anew)]
    assert first == again
    made = {name: times for name, times in hosts.sandbox.effects()["switch_created"].items() if "calls-once" in name}
    assert [1] == list(made.values())


def test_an_older_fence_is_a_lost_lease(hosts: _Hosts) -> None:
    """A worker whose successor has called already learns that it owns nothing any more."""
    wanted = {"name": "calls-fence", "owner": _OWNER}
    hosts.host("job_1.fence.1", fence=5).change("New-NestedSwitch", **wanted)

    with pytest.raises(LeaseLost):
        hosts.host("job_1.fence.1", fence=4).change("New-NestedSwitch", **wanted)


def test_a_recorded_call_of_another_function_is_passed_over(hosts: _Hosts) -> None:
    """A re-run that takes another path never takes an earlier run's result for its own."""
    scope = "job_1.path.1"
    hosts.host(scope).change("New-NestedSwitch", name="calls-path", owner=_OWNER)

    found = hosts.host(scope, fence=2).change("New-NestedDisk", path=r"C:\Labs\path.vhdx", owner=_OWNER, size_gib=10)

    assert found["changed"] is True
    assert r"C:\Labs\path.vhdx" == found["path"]


def test_a_functions_own_error_arrives_whole(hosts: _Hosts) -> None:
    """Error id, category and retryability come from the record, and a replay answers the same error."""
    for fence in (1, 2):
        with pytest.raises(RemoteError) as caught:
            hosts.host("job_1.error.1", fence).change("Protect-NestedImage", path=r"C:\none.vhdx", sha256="0" * 64)
        assert caught.value.is_id("Matryoshka.ImageNotFound")
        assert "ObjectNotFound" == caught.value.category
        assert not caught.value.retryable


def test_a_change_without_a_call_id_is_refused_by_the_host(hosts: _Hosts) -> None:
    """Reads cannot smuggle a change past the journal: the module itself refuses."""
    with pytest.raises(RemoteError) as caught:
        hosts.host().read("New-NestedSwitch", name="calls-smuggled", owner=_OWNER)
    assert caught.value.is_id("Matryoshka.FunctionNotAllowed")


def test_secrets_and_int64_cross_the_wire(hosts: _Hosts) -> None:
    """A SecureString inside the splatted hashtable and an Int64 arrive as their types."""
    host = hosts.host("job_1.typed.1")
    host.change("New-NestedDisk", path=r"C:\Labs\typed.vhdx", owner=_OWNER, parent_path=IMAGE)
    seeded = host.change(
        "Set-NestedDiskSeed",
        path=r"C:\Labs\typed.vhdx",
        owner=_OWNER,
        computer_name="TYPED",
        administrator_password=SecretStr(_GUEST_PASSWORD),
    )
    node = host.change("New-NestedNode", **_node("typed", r"C:\Labs\typed.vhdx"))

    assert seeded["changed"] is True
    assert 4096 == node["memory_startup_mib"]


def _node(name: str, disk: str) -> dict[str, Any]:
    return {
        "name": name,
        "owner": _OWNER,
        "memory_mib": 4096,
        "processor_count": 2,
        "disk_path": disk,
        "switch_name": "External",
        "path": r"C:\Labs",
    }


def test_a_guest_is_called_with_its_own_journal(hosts: _Hosts) -> None:
    """Reads and changes go through PowerShell Direct with a PSCredential; the guest's journal answers repeats."""
    host = hosts.host("job_1.guest.1")
    disk = r"C:\Labs\guest.vhdx"
    host.change("New-NestedDisk", path=disk, owner=_OWNER, parent_path=IMAGE)
    secret = SecretStr(_GUEST_PASSWORD)
    host.change("Set-NestedDiskSeed", path=disk, owner=_OWNER, computer_name="GUEST", administrator_password=secret)
    vm_id = host.change("New-NestedNode", **_node("guest", disk))["vm_id"]
    host.change("Start-NestedNode", vm_id=vm_id)
    reached = host.call(
        "Wait-NestedGuest",
        vm_id=vm_id,
        credential=host.secrets.credential("guest_administrator", "Administrator"),
        timeout_seconds=600,
    )
    guest = hosts.host("job_1.firewall.1").guest(GuestTarget(vm_id))
    again = hosts.host("job_1.firewall.1", fence=2).guest(GuestTarget(vm_id))

    assert reached["reached"] is True
    assert "GUEST" == guest.read("Get-NestedGuestConfiguration")["computer_name"].upper()
    wanted = {"group": ["@FirewallAPI.dll,-28502"]}
    results = [item.change("Enable-NestedFirewallRule", **wanted)["changed"] for item in (guest, again)]
    assert results[0] == results[1]
    assert "completed" == guest.read("Get-NestedCall", call_id="job_1.firewall.1#1")["status"]
    assert "absent" == host.read("Get-NestedCall", call_id="job_1.firewall.1#1")["status"]


def test_an_endpoint_without_the_module_is_told_what_to_do() -> None:
    """On a named configuration nothing is sent to the host: the module must be there, and the error says how."""
    with running_sandbox("--configuration", "Matryoshka") as sandbox:
        pool = SessionPool(session_opener(Timeouts(poll=0.2)))
        endpoint = replace(sandbox.endpoint(), configuration_name="Matryoshka")
        line = HostLine(pool, lambda: endpoint, Watching())
        host = ClaimHost(line, CallScope("s", 1, lambda: 60.0), SecretBox({}, Keyring(lambda _: b""), Scrubber()))
        with pytest.raises(HostMisconfigured, match="deploy/windows"):
            host.read("Get-NestedHostReport")
        pool.close_idle(everything=True)
