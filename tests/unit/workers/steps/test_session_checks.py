"""The last four checks of a host: credential, endpoint, rights and role, each with its causes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost, FakeWay
from tests.unit.workers.steps.bench import Bench
from tests.unit.workers.steps.records import host_report
from workers import errors
from workers.errors import RemoteError, StepRefused
from workers.psrp.way import Offered, Place, Shipped

_JEA = Place("hv01.example", 5986, "https", "negotiate", "svc", "Matryoshka")
_BASIC = Place("hv01.example", 5986, "https", "basic", "svc")
_INFO = {"version": "0.1.0", "sha256": "ab" * 32, "ps_version": "5.1", "preinstalled": False, "computer_name": "HV01"}
_PROOF = {
    "vmms_running": True,
    "vm_host_answers": True,
    "hypervisor_launched": True,
    "failure_event_id": None,
    "pending_reboot": False,
}


def _host(way: FakeWay | None = None, **answers: Any) -> FakeHost:
    known = {"info": _INFO, "report": host_report(), "proof": _PROOF} | answers
    names = {
        "info": "Get-NestedModuleInfo",
        "report": "Get-NestedHostReport",
        "proof": "Get-NestedHypervisorProof",
    }
    return FakeHost({names[name]: value for name, value in known.items()}, way)


def _failed(action: str, host: FakeHost) -> dict[str, Any]:
    with pytest.raises(StepRefused) as refused:
        Bench(action, host).run()
    (fact,) = refused.value.facts.values()
    assert fact["code"] == refused.value.reason
    return dict(fact)


def _denied(fault: int = 0, about: str = "") -> errors.AccessDenied:
    error = errors.AccessDenied("no")
    error.fault, error.about = fault, about
    return error


def _misconfigured(about: str = "") -> errors.HostMisconfigured:
    error = errors.HostMisconfigured("no")
    error.about = about
    return error


def test_a_host_that_is_well_passes_all_of_them() -> None:
    """Offered schemes, module, groups and role are kept as seen; nothing on the host is changed."""
    host, facts = _host(), {}
    for action in ("CheckLogon", "CheckEndpoint", "CheckRights", "CheckRole"):
        bench = Bench(action, host)
        ended, found = bench.run()
        facts |= found
        assert ended == "succeeded"
        assert bench.changes() == []

    assert {fact["outcome"] for fact in facts.values()} == {"passed"}
    assert facts["check.authentication"]["seen"]["offered"] == ["Negotiate", "Kerberos"]
    assert facts["check.endpoint"]["seen"]["functions"] == 1
    assert facts["check.rights"]["seen"]["is_administrator"] is True
    assert facts["check.role"]["seen"]["vmms_running"] is True


@pytest.mark.parametrize(
    ("offered", "place", "code"),
    [
        (Offered(0, reason="ReadTimeout"), None, "NO_HTTP_ANSWER"),
        (Offered(404), None, "WSMAN_MISSING"),
        (Offered(503), None, "WINRM_UNAVAILABLE"),
        (Offered(401, ("Negotiate", "Kerberos")), _BASIC, "AUTH_NOT_OFFERED"),
    ],
)
def test_no_logon_is_tried_where_none_can_succeed(offered: Offered, place: Place | None, code: str) -> None:
    """What answers without WinRM, or without the scheme of the record, is told before a credential is sent."""
    way = FakeWay(offered=offered) if place is None else FakeWay(place, offered=offered)
    found = _failed("CheckLogon", _host(way))

    assert found["code"] == code
    assert "log_on" not in way.log
    if code == "AUTH_NOT_OFFERED":
        assert r"WSMan:\localhost\Service\Auth\Basic -Value $true" in found["commands"][1]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (_denied(), "CREDENTIAL_REFUSED"),
        (_denied(about="context"), "SECURITY_CONTEXT_FAILED"),
        (_misconfigured("package"), "WORKER_LACKS_PACKAGE"),
        (_misconfigured(), "WSMAN_MISSING"),
        (errors.SecretUnavailable("no"), "SECRET_UNREADABLE"),
        (errors.HostBusy("no"), "WINRM_UNAVAILABLE"),
        (errors.OutcomeUnknown("no"), "LOGON_BROKEN_OFF"),
    ],
)
def test_a_logon_that_fails_is_tried_once(error: errors.WorkerError, code: str) -> None:
    """Each reason has its code; a refused credential is sent once, and its cure reads the host's own log."""
    way = FakeWay(logon=error)
    found = _failed("CheckLogon", _host(way))

    assert found["code"] == code
    assert way.log.count("log_on") == 1
    if code == "CREDENTIAL_REFUSED":
        assert found["commands"][1] == "net user 'svc'"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (_denied(5), "ENDPOINT_DENIED"),
        (_misconfigured(), "ENDPOINT_MISSING"),
        (errors.HostBusy("no"), "ENDPOINT_QUOTA"),
        (errors.SessionLost("no"), "ENDPOINT_FAILED"),
    ],
)
def test_a_shell_that_does_not_open_says_why(error: errors.WorkerError, code: str) -> None:
    """A configuration that is missing, denied, full or broken is told apart, with the fault that was seen."""
    found = _failed("CheckEndpoint", _host(FakeWay(_JEA, shell=error)))

    assert found["code"] == code
    assert found["seen"]["configuration"] == "Matryoshka"
    assert found["seen"]["fault"] == (error.fault or None)


@pytest.mark.parametrize(
    ("place", "error", "code"),
    [
        (_JEA, _misconfigured(), "MODULE_MISSING"),
        (_BASIC, _misconfigured(), "MODULE_REFUSED"),
        (_BASIC, RemoteError("no", error_id="ScriptsNotAllowed"), "MODULE_REFUSED"),
        (_BASIC, errors.HostUnreachable("no"), "HOST_LOST"),
    ],
)
def test_a_module_that_cannot_be_used_says_why(place: Place, error: errors.WorkerError, code: str) -> None:
    """An endpoint without the module and a host that refuses it are told apart."""
    assert _failed("CheckEndpoint", _host(FakeWay(place), info=error))["code"] == code


def test_functions_that_are_missing_are_named() -> None:
    """An endpoint of an older release is told by the functions that it lacks."""
    module = Shipped("0.2.0", "ab" * 32, frozenset({"Get-NestedNode", "Get-NestedNew"}))
    found = _failed("CheckEndpoint", _host(FakeWay(_JEA, module=module)))

    assert found["code"] == "FUNCTIONS_MISSING"
    assert found["seen"]["missing"] == ["Get-NestedNew"]


def test_another_module_is_warned_about_and_one_that_tells_nothing_passes() -> None:
    """A module of another release works on with a warning; where Get-Command is not there, nothing is missing."""
    other = Bench("CheckEndpoint", _host(FakeWay(_JEA, visible=None), info=_INFO | {"sha256": "ff" * 32}))
    ended, facts = other.run()

    assert (ended, facts["check.endpoint"]["seen"]["functions"]) == ("succeeded", None)
    assert other.warnings() == ["MODULE_DIFFERS"]


def test_rights_are_those_of_the_session() -> None:
    """Neither group fails; a Hyper-V administrator alone passes with a warning."""
    none = host_report(is_administrator=False, is_hyper_v_administrator=False)
    some = Bench("CheckRights", _host(report=host_report(is_administrator=False, is_hyper_v_administrator=True)))

    assert _failed("CheckRights", _host(report=none))["code"] == "RIGHTS_MISSING"
    assert some.run()[0] == "succeeded"
    assert some.warnings() == ["NAT_NEEDS_ADMINISTRATOR"]


@pytest.mark.parametrize(
    ("report", "proof", "code"),
    [
        ({"hyper_v_installed": False}, {"vmms_running": False}, "HYPERV_MISSING"),
        ({}, {"vmms_running": False}, "VMMS_STOPPED"),
        ({"hypervisor_present": False}, {}, "HYPERVISOR_NOT_RUNNING"),
        ({}, {"vm_host_answers": False}, "HYPERV_NO_ANSWER"),
        ({"nested_virt_offered": False}, {}, "NESTING_SWITCHED_OFF"),
        ({"os_build": 9600}, {}, "HOST_BUILD_TOO_OLD"),
        ({"cpu_vendor": "AuthenticAMD", "os_build": 17763}, {}, "HOST_CPU_UNSUPPORTED"),
        ({"supported_vm_versions": ["5.0"]}, {}, "VM_VERSION_TOO_LOW"),
    ],
)
def test_a_role_that_cannot_nest_says_why(report: dict[str, Any], proof: dict[str, Any], code: str) -> None:
    """The role, its service, the hypervisor, the boot configuration, the release and the processor are told apart."""
    host = _host(report=host_report(**report), proof=_PROOF | proof)

    assert _failed("CheckRole", host)["code"] == code


def test_a_report_that_fails_shows_its_error_id() -> None:
    """An error of Windows is shown by its id, with the reason that it stands for."""
    denied = RemoteError("localized", error_id="AccessDenied,X", category="PermissionDenied")
    found = _failed("CheckRights", _host(report=denied))

    assert found["code"] == "REPORT_FAILED"
    assert (found["seen"]["error_id"], found["seen"]["reason"]) == ("AccessDenied,X", "ACCESS_DENIED")


def test_what_is_this_workers_own_matter_is_no_finding() -> None:
    """A lease that is lost, or a drain, is raised as it is: it says nothing of the host."""
    for error in (errors.LeaseLost("x"), errors.StepReleased("x"), errors.LedgerAway("x")):
        with pytest.raises(type(error)):
            Bench("CheckLogon", _host(FakeWay(logon=error))).run()
