"""InstallRole, RebootGuest, ProbeCpu and ProveHypervisor."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import FACTS, Bench
from tests.unit.workers.steps.records import awaited, boot, hypervisor_proof, probe
from workers.errors import NotConverged, RemoteError, StepRefused

_FEATURES = {"features": ["Hyper-V", "Failover-Clustering"]}
_ANSWER = {"changed": True, "restart_needed": True, "exit_code": "SuccessRestartRequired", "used_dism": False}
_EXPOSED = ["guest_exposed", "guest_root"]


def _role(state: str, *, pending: bool = False) -> dict[str, Any]:
    features = [{"name": name, "install_state": state} for name in _FEATURES["features"]]
    return {"installed": state == "Installed", "features": features, "pending_reboot": pending}


def _install(**answers: Any) -> Bench:
    return Bench("InstallRole", FakeHost({"Get-NestedBootIdentity": boot("boot-1")} | answers), _FEATURES)


def test_a_fresh_guest_gets_the_role_and_the_need_of_a_restart_is_kept() -> None:
    """Pending is as far as an installation gets; the answer says that a restart is needed, and in which boot."""
    roles = [_role("Available"), _role("InstallPending")]
    bench = _install(**{"Get-NestedRole": roles, "Install-NestedRole": _ANSWER})

    ended, facts = bench.run()

    assert (ended, facts) == ("succeeded", {"node.nest-1.role": {"restart_needed": True, "boot_id": "boot-1"}})


@pytest.mark.parametrize("state", ["Installed", "InstallPending"])
def test_a_role_that_is_in_is_not_installed_twice(state: str) -> None:
    """Installed, or waiting for its restart only, is skipped."""
    assert _install(**{"Get-NestedRole": _role(state)}).run()[0] == "skipped"


def test_a_half_installed_guest_is_completed() -> None:
    """One missing feature is enough to install again."""
    half = _role("Installed")
    half["features"][1]["install_state"] = "Available"

    assert (
        _install(**{"Get-NestedRole": [half, _role("Installed")], "Install-NestedRole": _ANSWER}).run()[0]
        == "succeeded"
    )


def test_the_dism_way_is_warned_about() -> None:
    """When the prerequisite check was wrong, the record says which way the role came in."""
    roles = [_role("Available"), _role("InstallPending")]
    bench = _install(**{"Get-NestedRole": roles, "Install-NestedRole": _ANSWER | {"used_dism": True}})
    bench.run()

    assert bench.warnings() == ["ROLE_BY_DISM"]


def test_a_refused_role_is_not_tried_again() -> None:
    """The prerequisite failure is a configuration error, whatever language its text has."""
    refusal = RemoteError(
        "Fehler bei der Überprüfung",
        error_id="Alteration_PrerequisiteCheck_Failed,Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand",
        category="InvalidOperation",
    )
    with pytest.raises(RemoteError) as refused:
        _install(**{"Get-NestedRole": _role("Available"), "Install-NestedRole": refusal}).run()

    assert (refused.value.code, refused.value.retryable) == ("ROLE_REFUSED", False)


def test_a_role_that_is_not_there_afterwards_is_not_converged() -> None:
    """The installation is read back."""
    with pytest.raises(NotConverged):
        _install(**{"Get-NestedRole": _role("Available"), "Install-NestedRole": _ANSWER}).run()


def test_nothing_pending_needs_no_reboot() -> None:
    """A guest that needs no restart is not restarted."""
    bench = Bench("RebootGuest", FakeHost({"Get-NestedBootIdentity": boot("boot-1")}))

    assert bench.run() == ("skipped", {"node.nest-1.boot_id": "boot-1"})


@pytest.mark.parametrize(("installed_in", "ended"), [("boot-1", "wait"), ("boot-0", "skipped")])
def test_a_role_needs_its_reboot_even_when_windows_says_nothing(installed_in: str, ended: str) -> None:
    """The restart that the installation asked for is due until the boot has changed."""
    facts = FACTS | {"node.nest-1.role": {"restart_needed": True, "boot_id": installed_in}}
    bench = Bench("RebootGuest", FakeHost({"Get-NestedBootIdentity": boot("boot-1")}), facts=facts)

    assert bench.run()[0] == ended


def test_a_whole_reboot_restarts_once_and_ends_when_the_guest_stays_up() -> None:
    """Identity noted, one restart, a second automatic one sat out, and two equal probes end it."""
    host = FakeHost(
        {"Get-NestedBootIdentity": boot("boot-1", pending=True), "Restart-NestedGuest": {"boot_id": "boot-1"}}
    )
    host.answers["Wait-NestedGuest"] = [
        awaited(reached=False, stage="no_session"),
        awaited("boot-2", pending=True),
        awaited("boot-3"),
        awaited("boot-3"),
    ]
    bench, ended = Bench("RebootGuest", host), "wait"
    for _ in range(10):
        ended, got = bench.run()
        if ended != "wait":
            break
        bench.memo = got

    assert (ended, got) == ("succeeded", {"node.nest-1.boot_id": "boot-3"})
    assert [call.name for call in bench.changes()] == ["Restart-NestedGuest"]


def test_the_boot_identity_is_in_the_ledger_before_the_restart() -> None:
    """The first claim only notes: a worker that takes over knows what to compare with."""
    bench = Bench("RebootGuest", FakeHost({"Get-NestedBootIdentity": boot("boot-1", pending=True)}))

    assert bench.run() == ("wait", {"before": "boot-1"})
    assert bench.changes() == []


def test_a_worker_that_takes_over_after_the_restart_does_not_restart_again() -> None:
    """When the boot id differs from the noted one, the restart happened: nobody asks for another."""
    host = FakeHost({"Get-NestedBootIdentity": boot("boot-2", pending=True)})
    bench = Bench("RebootGuest", host, memo={"before": "boot-1"})

    assert bench.run() == ("wait", {"before": "boot-1", "asked": True})
    assert bench.changes() == []


def test_a_reboot_that_stays_pending_is_tried_again() -> None:
    """A second restart that does not come by itself ends the attempt; the next one restarts once more."""
    memo = {"before": "boot-1", "asked": True, "seen": "boot-2", "stable": 29}

    with pytest.raises(NotConverged):
        Bench("RebootGuest", FakeHost({"Wait-NestedGuest": awaited("boot-2", pending=True)}), memo=memo).run()


def test_a_pending_that_two_restarts_did_not_clear_is_a_warning() -> None:
    """Software that renames a file at every boot does not fail a lab: the proofs that follow decide."""
    memo = {"before": "boot-2", "asked": True, "seen": "boot-3", "stable": 29}
    host = FakeHost({"Wait-NestedGuest": awaited("boot-3", pending=True)})
    bench = Bench("RebootGuest", host, memo=memo, attempt=2)

    assert bench.run() == ("succeeded", {"node.nest-1.boot_id": "boot-3"})
    assert bench.warnings() == ["REBOOT_STILL_PENDING"]


def test_another_boot_id_starts_the_count_again() -> None:
    """Stable means twice the same boot: one that changed in between counts as the first look."""
    memo = {"before": "boot-1", "asked": True, "seen": "boot-2", "stable": 1}
    bench = Bench("RebootGuest", FakeHost({"Wait-NestedGuest": awaited("boot-3")}), memo=memo)

    assert bench.run() == ("wait", memo | {"seen": "boot-3"})


def test_an_exposed_guest_passes_the_gate() -> None:
    """Visible extensions are recorded under phase and node."""
    host = FakeHost({"Get-NestedCpuProbe": probe("guest_exposed")})
    bench = Bench("ProbeCpu", host, {"level": "L1", "phase": "after_script", "require": _EXPOSED})

    assert bench.run()[1]["probe.L1.after_script.nest-1"]["classification"] == "guest_exposed"


@pytest.mark.parametrize(
    ("classification", "reason"), [("guest_not_exposed", "CPU_FLAGS_MISSING"), ("metal", "PROBE_UNEXPECTED")]
)
def test_the_gate_before_the_role_refuses_a_blind_processor(classification: str, reason: str) -> None:
    """Without visible extensions the role is not even tried."""
    host = FakeHost({"Get-NestedCpuProbe": probe(classification)})

    with pytest.raises(StepRefused) as refused:
        Bench("ProbeCpu", host, {"level": "L1", "phase": "after_script", "require": _EXPOSED}).run()

    assert refused.value.reason == reason
    assert refused.value.remedy


def test_an_odd_baseline_is_a_warning_only() -> None:
    """Before the script the reading is a record, not a gate."""
    host = FakeHost({"Get-NestedCpuProbe": probe("guest_exposed")})
    bench = Bench("ProbeCpu", host, {"level": "L1", "phase": "before_script", "require": ["guest_not_exposed"]})

    assert bench.run()[0] == "succeeded"
    assert bench.warnings() == ["PROBE_UNEXPECTED"]


def test_event_1_proves_the_hypervisor() -> None:
    """A launch event with answering services is the proof; it is recorded with the probe."""
    host = FakeHost({"Get-NestedHypervisorProof": hypervisor_proof(), "Get-NestedCpuProbe": probe("guest_root")})

    _, facts = Bench("ProveHypervisor", host).run()

    assert facts["probe.L1.after_role.nest-1"]["proof"]["launch_event_id"] == 1


@pytest.mark.parametrize(
    ("event", "meaning"), [(41, "VMX"), (42, "SVM"), (59, "SLAT"), (5, "boot configuration"), (99, "event log")]
)
def test_a_failure_event_is_refused_with_its_meaning(event: int, meaning: str) -> None:
    """Each failure event of the hypervisor says what is missing."""
    failed = hypervisor_proof(hypervisor_launched=False, launch_event_id=None, failure_event_id=event)

    with pytest.raises(StepRefused, match=meaning) as refused:
        Bench("ProveHypervisor", FakeHost({"Get-NestedHypervisorProof": failed})).run()

    assert refused.value.reason == "HYPERVISOR_NOT_LAUNCHED"


@pytest.mark.parametrize("late", [{"vmms_running": False}, {"hypervisor_launched": False}])
def test_services_that_still_start_are_waited_for_but_not_for_ever(late: dict[str, bool]) -> None:
    """A proof that is not there yet gives the worker back; after a minute it is refused."""
    host = FakeHost({"Get-NestedHypervisorProof": hypervisor_proof(**late)})

    assert Bench("ProveHypervisor", host).run() == ("wait", {"tries": 1})
    with pytest.raises(StepRefused):
        Bench("ProveHypervisor", host, memo={"tries": 12}).run()
